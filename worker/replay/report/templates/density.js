// Contours of density: Gaussian smoothing on a grid, then marching squares.
const GRID = 150;
const LEVELS = [0.08, 0.18, 0.32, 0.5, 0.75];

/** Give for each level the segments of its contour, as [x1, y1, x2, y2] in places of the map. */
function contours() {
  const { cell, columns, rows } = gridOf();
  const density = smoothed(columns, rows, cell, (row) => (data.topic[row] < 0 ? 0 : 1));
  const most = density.reduce((a, b) => Math.max(a, b), 0);
  // The root, since the densest place of a map is often ten times as dense as its shores.
  return LEVELS.map((level) => segmentsAt(density, columns, rows, cell, most * level ** 1.5));
}

/** The grid over the map, with ten cells of margin on each side. */
function gridOf() {
  const cell = Math.max(extent.width, extent.height) / (GRID - 20);
  return { cell, columns: Math.ceil(extent.width / cell) + 20, rows: Math.ceil(extent.height / cell) + 20 };
}

/** Add up what each row weighs, smoothed over the grid. */
function smoothed(columns, rows, cell, weight) {
  let grid = new Float64Array(columns * rows);
  for (let row = 0; row < N; row += 1) {
    grid[(Math.floor(data.y[row] / cell) + 10) * columns + Math.floor(data.x[row] / cell) + 10] += weight(row);
  }
  // Three passes of a moving mean are nearly a Gaussian.
  for (let pass = 0; pass < 3; pass += 1) {
    grid = meanAlong(grid, columns, rows, 1, columns);
    grid = meanAlong(grid, rows, columns, columns, 1);
  }
  return grid;
}

function meanAlong(grid, length, lines, step, stride) {
  const out = new Float64Array(grid.length);
  for (let line = 0; line < lines; line += 1) {
    for (let at = 2; at < length - 2; at += 1) {
      const index = line * stride + at * step;
      out[index] = (grid[index - 2 * step] + grid[index - step] + grid[index] + grid[index + step] + grid[index + 2 * step]) / 5;
    }
  }
  return out;
}

function segmentsAt(density, columns, rows, cell, level) {
  const segments = [];
  for (let y = 0; y < rows - 1; y += 1) {
    for (let x = 0; x < columns - 1; x += 1) {
      const corner = [[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 1]];
      const value = corner.map(([cx, cy]) => density[cy * columns + cx]);
      const crossings = [];
      for (let side = 0; side < 4; side += 1) {
        const next = (side + 1) % 4;
        if (value[side] > level === value[next] > level) continue;
        const share = (level - value[side]) / (value[next] - value[side]);
        crossings.push(...[0, 1].map((axis) => (corner[side][axis] + share * (corner[next][axis] - corner[side][axis]) - 9.5) * cell));
      }
      for (let at = 0; at + 3 < crossings.length; at += 4) segments.push(crossings.slice(at, at + 4));
    }
  }
  return segments;
}
