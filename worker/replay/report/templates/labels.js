// Where labels go: the larger topic first, each near its densest place, none over another.
const measuring = document.createElement("canvas").getContext("2d");
const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif';
const PARTS_FROM_ZOOM = 1.5;
const fontOf = (label) => `${label.weight} ${label.size}px ${FONT}`;

/** Break words into lines of about this many letters; words are joined by commas, if nothing else is given. */
function linesOf(words, columns, between = ", ") {
  const lines = [];
  words.forEach((word, at) => {
    const piece = at < words.length - 1 ? `${word}${between.trim()}` : word;
    const last = lines.length - 1;
    if (last >= 0 && lines[last].length + piece.length < columns) lines[last] += ` ${piece}`;
    else lines.push(piece.length > 40 ? `${piece.slice(0, 39)}…` : piece);
  });
  return lines;
}

/** Break a name into lines at its spaces. */
function linesOfName(name, columns) {
  return linesOf(name.split(/\s+/u), columns, " ");
}

/** List the labels that the present zoom calls for, the most important first. */
function wantedLabels() {
  const narrow = size.width < 500;
  const largest = Math.max(...data.topics.map((topic) => topic.size));
  const labels = data.topics.map((topic, index) => ({
    topic: index, part: null, at: topic.at, weight: 700, must: true,
    size: Math.round((narrow ? 10 : 12) + (narrow ? 5 : 11) * Math.sqrt(topic.size / largest)),
    lines: topic.name ? linesOfName(topic.name, 16) : linesOf(topic.keywords.slice(0, 3), 16),
    rank: topic.size,
  }));
  if (state.zoom >= PARTS_FROM_ZOOM) {
    const most = Math.round(2.5 * state.zoom);
    for (const part of data.topics.flatMap((_, topic) => dividedInto(topic, most))) {
      const { topic, at, size: n, keywords } = data.parts[part];
      if (keywords.length) labels.push({ topic, part, at, weight: 500, must: false, size: narrow ? 10 : 12, lines: linesOf(keywords, 18), rank: -1 / n });
    }
  }
  return labels.filter((label) => !state.hidden.has(label.topic)).sort((a, b) => b.rank - a.rank);
}

/** Place the labels of the present view; each gets its box in pixels, and those without room are left out. */
function placedLabels() {
  const { x, y } = projection();
  const placed = [];
  for (const label of wantedLabels()) {
    const [px, py] = [x(label.at[0]), y(label.at[1])];
    if (px < -20 || py < -20 || px > size.width + 20 || py > size.height + 20) continue;
    measuring.font = fontOf(label);
    const width = Math.max(...label.lines.map((line) => measuring.measureText(line).width)) + 6;
    const height = label.lines.length * label.size * 1.15 + 4;
    for (const [dx, dy] of offsets(width, height, label.must)) {
      const left = Math.min(Math.max(px + dx - width / 2, 2), size.width - width - 2);
      const top = Math.min(Math.max(py + dy - height / 2, 2), size.height - height - 2);
      const box = { left, top, right: left + width, bottom: top + height };
      if (placed.some((other) => overlap(box, other.box))) continue;
      placed.push({ ...label, box, px, py });
      break;
    }
  }
  return placed;
}

const overlap = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

/** Give moves away from a label's own place, the shortest first; a part's label does not go far. */
function offsets(width, height, must) {
  const moves = [[0, 0]];
  for (let ring = 1; ring <= (must ? 14 : 2); ring += 1) {
    for (let turn = 0; turn < 12; turn += 1) {
      const angle = (turn / 12) * 2 * Math.PI + Math.PI / 2;
      moves.push([Math.cos(angle) * ring * (10 + width / 6), Math.sin(angle) * ring * (5 + height / 5)]);
    }
  }
  return moves;
}
