// From places of the map to pixels of the canvas, and back; x and y of the state are what is in the middle, in [0, 1].
const MOST_ZOOM = 40;
const MARGIN = 28;
const plot = byId("plot");
const size = { width: 1, height: 1 };

const scaleOf = () => state.zoom * Math.min((size.width - 2 * MARGIN) / extent.width, (size.height - 2 * MARGIN) / extent.height);

/** Give the function that maps a place to pixels, for the present view. */
function projection() {
  const scale = scaleOf();
  const left = size.width / 2 - state.x * extent.width * scale;
  const top = size.height / 2 - state.y * extent.height * scale;
  return { scale, x: (value) => left + value * scale, y: (value) => top + value * scale };
}

const within = (value) => Math.min(1, Math.max(0, value));

/** Zoom by a factor, so that the pixel stays where it is. */
function zoomAt(factor, px, py) {
  const zoom = Math.min(MOST_ZOOM, Math.max(1, state.zoom * factor));
  if (zoom === 1) return change({ zoom, x: 0.5, y: 0.5 });
  const before = scaleOf();
  const after = (before / state.zoom) * zoom;
  const shift = 1 / before - 1 / after;
  return change({
    zoom,
    x: within(state.x + ((px - size.width / 2) * shift) / extent.width),
    y: within(state.y + ((py - size.height / 2) * shift) / extent.height),
  });
}

/** Move the map by pixels. */
function moveBy(dx, dy) {
  const scale = scaleOf();
  change({ x: within(state.x - dx / scale / extent.width), y: within(state.y - dy / scale / extent.height) });
}

/** Show these rows as large as they fit. */
function zoomTo(rows) {
  if (!rows.length) return;
  const xs = rows.map((row) => data.x[row]).sort((a, b) => a - b);
  const ys = rows.map((row) => data.y[row]).sort((a, b) => a - b);
  // Without the farthest members, which may lie anywhere.
  const cut = Math.floor(rows.length * 0.04);
  const [left, right] = [xs[cut], xs[xs.length - 1 - cut]];
  const [top, bottom] = [ys[cut], ys[ys.length - 1 - cut]];
  const fit = Math.min(extent.width / Math.max(right - left, 1), extent.height / Math.max(bottom - top, 1));
  change({
    zoom: Math.min(12, Math.max(1, fit * 0.7)),
    x: (left + right) / 2 / extent.width,
    y: (top + bottom) / 2 / extent.height,
  });
}

/** Give the row of the shown point that is nearest to a pixel, null if none is near. */
function rowAt(px, py) {
  const { x, y } = projection();
  let best = null;
  let nearest = 12 ** 2;
  for (let row = 0; row < N; row += 1) {
    if (!isShown(row)) continue;
    // A point that does not match the search is found too, but a match beside it comes first.
    const distance = ((x(data.x[row]) - px) ** 2 + (y(data.y[row]) - py) ** 2) * (isLit(row) ? 1 : 4);
    if (distance < nearest) [best, nearest] = [row, distance];
  }
  return best;
}
