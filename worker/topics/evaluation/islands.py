"""A map without empty oceans: groups of points that lie apart are moved together, each kept as it is."""

from typing import Final

import numpy as np
from scipy import ndimage

from worker.topics.fit import BoolArray, FloatArray, IntArray

# Cells on the longer side of the grid: about two for each point of a square's side, within these bounds.
_CELLS_PER_ROOT: Final = 2.0
_FEWEST_CELLS: Final = 24
_MOST_CELLS: Final = 160
# An island may leave its own direction from the middle by this much, in radians, if that brings it nearer.
_TURNS: Final = np.radians([0.0, 12.0, -12.0, 24.0, -24.0, 40.0, -40.0])
# The packed map is wider than it is high by this factor, as a screen is.
_WIDTH: Final = 1.35


def pack_islands(coordinates: FloatArray) -> FloatArray:
    """Move the islands of a map together, so that no space between them is empty.

    An island is a group of points with gaps of less than about two cells of a grid. Its points keep their places
    beside each other. The islands move toward the middle one by one, those nearest to it first, nearly straight.

    Args:
        coordinates: (n, 2) float32.

    Returns:
        (n, 2) float32, at the same scale, turned so that the first principal axis lies.
    """
    coordinates = _lying(coordinates)
    low, extent = coordinates.min(axis=0), float(np.ptp(coordinates, axis=0).max())
    if extent == 0.0:
        return coordinates
    n_cells = int(np.clip(_CELLS_PER_ROOT * np.sqrt(len(coordinates)), _FEWEST_CELLS, _MOST_CELLS))
    cell = extent / n_cells
    # A margin of one cell, so that a cell's surroundings are on the grid too.
    cells = ((coordinates - low) / cell).astype(np.int64) + 1
    occupied = np.zeros(cells.max(axis=0) + 2, dtype=bool)
    occupied[cells[:, 0], cells[:, 1]] = True
    wide: BoolArray = ndimage.binary_dilation(occupied, np.ones((3, 3), dtype=bool))
    islands, n_islands = ndimage.label(wide, np.ones((3, 3), dtype=bool))
    middle = np.rint(np.median(cells, axis=0)).astype(np.int64)
    own = islands[cells[:, 0], cells[:, 1]] - 1
    moves = _moves([np.argwhere(islands == island + 1) for island in range(n_islands)], middle)
    packed: FloatArray = (coordinates + cell * moves[own]).astype(np.float32)
    return packed


def _lying(coordinates: FloatArray) -> FloatArray:
    """Turn the map so that it is wide rather than high: its first principal axis lies."""
    centred = coordinates.astype(np.float64) - coordinates.mean(axis=0, dtype=np.float64)
    _, axes = np.linalg.eigh(centred.T @ centred)
    across = axes[:, 1] * (1.0 if axes[0, 1] >= 0 else -1.0)
    turned: FloatArray = (centred @ np.array([across, [-across[1], across[0]]]).T).astype(np.float32)
    return turned


def _moves(islands: list[IntArray], middle: IntArray) -> IntArray:
    """Give each island's move, in cells: (islands, 2)."""
    moves = np.zeros((len(islands), 2), dtype=np.int64)
    centers = np.array([island.mean(axis=0) - middle for island in islands])
    span = int(max(np.abs(island - middle).max() for island in islands))
    # Room for an island that has to lie beyond all others.
    reach = 3 * span + 2
    board = np.zeros((2 * reach + 1, 2 * reach + 1), dtype=bool)
    sizes = np.array([len(island) for island in islands])
    distance = np.hypot(centers[:, 0] / _WIDTH, centers[:, 1])
    for island in np.lexsort((-sizes, np.rint(distance - np.sqrt(sizes / np.pi)))).tolist():
        around = islands[island] - middle
        for move in _tries(centers[island], reach - span):
            at = around + move + reach
            if (at < 0).any() or (at >= len(board)).any():
                continue
            if not board[at[:, 0], at[:, 1]].any():
                board[at[:, 0], at[:, 1]] = True
                moves[island] = move
                break
    return moves


def _tries(center: FloatArray, longest: int) -> IntArray:
    """List the moves to try, those that end nearest to the middle first: (m, 2), the island's own place the last."""
    angle = np.arctan2(center[1], center[0] / _WIDTH) + _TURNS
    steps = np.arange(longest + 1)
    ends = np.stack([np.outer(steps, _WIDTH * np.cos(angle)).ravel(), np.outer(steps, np.sin(angle)).ravel()], axis=1)
    moves: IntArray = np.rint(ends - center).astype(np.int64)
    return moves
