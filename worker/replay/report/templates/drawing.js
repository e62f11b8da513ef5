// One picture of the map: contours, points, what is selected, labels.
const shores = contours();
let drawnLabels = [];

const baseRadius = () => (N > 8000 ? 1.5 : N > 2500 ? 2 : N > 800 ? 2.6 : 3.6) * state.zoom ** 0.35;

/** Paint the present view; gives the labels with their boxes. */
function paint(painter) {
  const { x, y } = projection();
  shores.forEach((segments, level) => {
    const onScreen = segments.map(([x1, y1, x2, y2]) => [x(x1), y(y1), x(x2), y(y2)]);
    painter.lines(onScreen, style("--shore"), 1, 0.35 + 0.12 * level);
  });
  const radius = baseRadius();
  paintDim(painter, x, y, radius);
  for (const [topic, rows] of members) paintTopic(painter, topic, rows, { x, y, radius });
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

const isFaint = (row) => !isLit(row) || (state.topic !== null && data.topic[row] !== state.topic);
const inPart = () => (state.part === null ? null : new Set(data.parts[state.part].rows));

/** Paint all shown points that do not match, in gray under the others. */
function paintDim(painter, x, y, radius) {
  const part = inPart();
  if (!matches && state.topic === null) return;
  const rows = data.order.filter((row) => isShown(row) && (isFaint(row) || (part && !part.has(row))));
  painter.dots(rows.map((row) => x(data.x[row])), rows.map((row) => y(data.y[row])), radius * 0.8, style("--outlier"), 0.25, false);
}

function paintTopic(painter, topic, rows, { x, y, radius }) {
  if (state.hidden.has(topic)) return;
  const part = inPart();
  const bright = rows.filter((row) => !isFaint(row) && (!part || part.has(row)));
  const larger = matches ? 1.3 : 1;
  for (const hollow of [0, 1]) {
    const some = bright.filter((row) => data.placed[row] === hollow);
    const alpha = topic < 0 ? 0.5 : hollow ? 0.75 : 0.8;
    painter.dots(some.map((row) => x(data.x[row])), some.map((row) => y(data.y[row])), radius * (topic < 0 ? 0.7 : larger), colorOf(topic), alpha, hollow === 1);
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
