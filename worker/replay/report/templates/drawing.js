// One picture of the map: areas, contours, points, what is selected, labels.
const shores = contours();
let drawnLabels = [];

const baseRadius = () => (N > 8000 ? 1.5 : N > 2500 ? 2 : N > 800 ? 2.6 : 3.6) * state.zoom ** 0.35;

/** Paint the present view; gives the labels with their boxes. */
function paint(painter) {
  const { x, y } = projection();
  paintShade(painter, x, y);
  shores.forEach((segments, level) => {
    const onScreen = segments
      .map(([x1, y1, x2, y2]) => [x(x1), y(y1), x(x2), y(y2)])
      .filter(([x1, y1]) => x1 > -50 && y1 > -50 && x1 < size.width + 50 && y1 < size.height + 50);
    painter.lines(onScreen, style("--shore"), 1, 0.35 + 0.12 * level);
  });
  const radius = baseRadius();
  paintPoints(painter, x, y, radius);
  if (state.row !== null) painter.dots([x(data.x[state.row])], [y(data.y[state.row])], radius + 5, style("--ink"), 1, true);
  const labels = placedLabels();
  // From the least important to the most, so that a large label's halo covers a small one.
  for (const label of labels.toReversed()) {
    const away = Math.hypot((label.box.left + label.box.right) / 2 - label.px, (label.box.top + label.box.bottom) / 2 - label.py);
    if (label.must && away > 40) painter.lines([[label.px, label.py, ...edgeOf(label)]], colorOf(label.topic), 1, 0.7);
    painter.label(label, label.part === null ? colorOf(label.topic) : style("--ink"), style("--paper"));
  }
  return labels;
}

const edgeOf = ({ box, px, py }) => [Math.min(Math.max(px, box.left), box.right), Math.min(Math.max(py, box.top), box.bottom)];

// What is painted in one go: rows, a topic for the color (null: in gray under the others), whether hollow.
// It changes only with what is chosen, not with each move of the map.
let layers = null;

function layersNow() {
  const part = state.part === null ? null : new Set(data.parts[state.part].rows);
  const isBright = (row) => isLit(row) && (state.topic === null || data.topic[row] === state.topic) && (!part || part.has(row));
  const bright = [];
  const dim = [];
  for (const [topic, rows] of members) {
    if (state.hidden.has(topic)) continue;
    for (const row of rows) if (!isBright(row)) dim.push(row);
    for (const hollow of [0, 1]) bright.push({ topic, hollow, rows: rows.filter((row) => isBright(row) && data.placed[row] === hollow) });
  }
  return [{ topic: null, hollow: 0, rows: dim }, ...bright];
}

function paintPoints(painter, x, y, radius) {
  layers ??= layersNow();
  for (const { topic, hollow, rows } of layers) {
    const xs = [];
    const ys = [];
    for (const row of rows) {
      const px = x(data.x[row]);
      const py = y(data.y[row]);
      // Points outside the window would cost as much as those inside.
      if (px > -9 && py > -9 && px < size.width + 9 && py < size.height + 9) { xs.push(px); ys.push(py); }
    }
    if (topic === null) painter.dots(xs, ys, radius * 0.8, style("--outlier"), 0.25, false);
    else if (topic < 0) painter.dots(xs, ys, radius * 0.7, colorOf(topic), 0.5, hollow === 1);
    else painter.dots(xs, ys, radius * (matches ? 1.3 : 1), colorOf(topic), hollow ? 0.75 : 0.8, hollow === 1);
  }
}

let asked = false;
/** Draw the canvas anew with the next frame. */
function redraw() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => { asked = false; drawNow(); });
}

function drawNow() {
  const ratio = window.devicePixelRatio || 1;
  size.width = plot.clientWidth || 1;
  size.height = plot.clientHeight || 1;
  plot.width = Math.round(size.width * ratio);
  plot.height = Math.round(size.height * ratio);
  const context = plot.getContext("2d");
  context.scale(ratio, ratio);
  context.fillStyle = style("--paper");
  context.fillRect(0, 0, size.width, size.height);
  drawnLabels = paint(new CanvasPainter(context));
  plot.dataset.drawn = "canvas";
}

/** Give the label at a pixel, if there is one. */
const labelAt = (px, py) => drawnLabels.find(({ box }) => px >= box.left && px <= box.right && py >= box.top && py <= box.bottom);
