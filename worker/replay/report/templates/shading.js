// Soft areas of color behind the points: the density of each place, in the mean color of the topics that are there.
const SHADE_MOST = 0.3;
let shade = { key: "", image: null };

/** Give the picture of the areas, one pixel a cell; it is painted anew only if colors or hidden topics change. */
function shadeNow() {
  const key = [style("--paper"), ...[...state.hidden].sort((a, b) => a - b)].join();
  if (shade.key !== key) shade = { key, image: shadeOf() };
  return shade.image;
}

function shadeOf() {
  const { cell, columns, rows } = gridOf();
  const colors = data.topics.map((_, topic) => rgbOf(colorOf(topic)));
  const isIn = (row) => data.topic[row] >= 0 && !state.hidden.has(data.topic[row]);
  const density = smoothed(columns, rows, cell, (row) => (isIn(row) ? 1 : 0));
  const channels = [0, 1, 2].map((at) => smoothed(columns, rows, cell, (row) => (isIn(row) ? colors[data.topic[row]][at] : 0)));
  const most = density.reduce((a, b) => Math.max(a, b), 1e-9);
  const image = document.createElement("canvas");
  [image.width, image.height] = [columns, rows];
  const context = image.getContext("2d");
  const pixels = context.createImageData(columns, rows);
  density.forEach((value, at) => {
    if (value <= 0) return;
    channels.forEach((channel, place) => { pixels.data[4 * at + place] = channel[at] / value; });
    // The root, as for the contours: else only the densest place would be seen.
    pixels.data[4 * at + 3] = 255 * SHADE_MOST * Math.sqrt(value / most);
  });
  context.putImageData(pixels, 0, 0);
  return image;
}

const rgbOf = (color) => [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));

/** Paint the areas where the present view has them. */
function paintShade(painter, x, y) {
  const { cell, columns, rows } = gridOf();
  const [left, top] = [x(-10 * cell), y(-10 * cell)];
  painter.image(shadeNow(), left, top, x((columns - 10) * cell) - left, y((rows - 10) * cell) - top);
}
