"""Which rows have the largest products with each row, block by block."""

import numpy as np
import torch

from worker.topics.fit import IntArray
from worker.topics.graph.threads import over_blocks

_BLOCK_BYTES = 32 * 2**20
# On a CPU a block is computed by one thread, and stays in its cache.
_CPU_BLOCK_BYTES = 8 * 2**20
# Columns whose largest product is looked at first: the k largest of a row lie in the k groups with the largest maxima.
_GROUP = 8
# Place in a key for the number of a group, or of a column.
_PLACES = 2**16


def candidates(points: torch.Tensor, k: int) -> IntArray:
    """Select the k others with the largest products, in the precision of the points: (n, k) int64, rising.

    Products that do not add up exactly are not the same bits on every device; spare candidates allow for it.

    Args:
        points: (n, d) float32 or bfloat16, k < n.
        k: >= 1.
    """
    if points.device.type == "cpu":
        return _on_cpu(points, k)
    n = len(points)
    rows = max(1, _BLOCK_BYTES // (points.element_size() * n))
    # One block for all: a fresh one each time costs a third of the product for its pages.
    block = torch.empty(min(rows, n), n, dtype=points.dtype, device=points.device)
    found = torch.empty(n, k, dtype=torch.int64, device=points.device)
    for start in range(0, n, rows):
        stop = min(start + rows, n)
        products = torch.mm(points[start:stop], points.T, out=block[: stop - start])
        products[:, start:stop].fill_diagonal_(-torch.inf)
        found[start:stop] = torch.topk(products, k, dim=1, sorted=False).indices
    return found.sort(dim=1).values.cpu().numpy()


def _on_cpu(points: torch.Tensor, k: int) -> IntArray:
    n = len(points)
    n_groups = -(-n // _GROUP)
    # Rows of zeros fill the last group; their products are 0.
    padded = torch.zeros(n_groups * _GROUP, points.shape[1], dtype=points.dtype)
    padded[:n] = points
    found = np.empty((n, k), dtype=np.int64)

    def select(rows: slice) -> None:
        products = torch.mm(padded[rows], padded.T)
        products[:, rows].fill_diagonal_(-torch.inf)
        largest = _largest_positive(products, k)
        found[rows] = torch.topk(products[:, :n], k, sorted=False).indices.numpy() if largest is None else largest
        found[rows].sort(axis=1)

    over_blocks(select, n, max(1, _CPU_BLOCK_BYTES // (padded.element_size() * len(padded))))
    return found


def _largest_positive(products: torch.Tensor, k: int) -> IntArray | None:
    """Find the k largest of each row, (m, k) int64; None if some of them may not be above 0.

    Positive floats have the order of their bits as integers, and integers are selected many times as fast.

    Args:
        products: (m, groups * _GROUP); the columns of a group lie `groups` apart.
        k: >= 1.
    """
    m, n_groups = len(products), products.shape[1] // _GROUP
    if k > n_groups or max(n_groups, k * _GROUP) > _PLACES:
        return None
    bits = products.view(torch.int16 if products.element_size() == 2 else torch.int32)
    groups = _places_of_largest(bits.view(m, _GROUP, n_groups).amax(1), k)
    if groups is None:
        return None
    columns = (groups[:, None, :] + n_groups * np.arange(_GROUP)[:, None]).reshape(m, -1)
    places = _places_of_largest(bits.gather(1, torch.from_numpy(columns)), k)
    return None if places is None else np.take_along_axis(columns, places, axis=1)


def _places_of_largest(values: torch.Tensor, k: int) -> IntArray | None:
    """Find where the k largest of each row are: (m, k) int64; None if some of them are not above 0."""
    # Value and place in one number: no two are equal, so that the same ones are selected on every machine.
    wide = torch.int32 if values.dtype == torch.int16 else torch.int64
    keys: IntArray = values.to(wide).mul_(_PLACES).add_(torch.arange(values.shape[1], dtype=wide)).numpy()
    keys.partition(keys.shape[1] - k, axis=1)
    chosen = keys[:, keys.shape[1] - k :]
    return None if bool((chosen < _PLACES).any()) else (chosen % _PLACES).astype(np.int64)
