"""UMAP's fuzzy graph over neighbors that are already known."""

import numpy as np
from scipy import sparse

from worker.topics.fit import DoubleArray, FloatArray, IntArray
from worker.topics.graph.threads import over_blocks

# Halvings of the interval a point's scale lies in; umap-learn stops at an error of 1e-5 in the sum.
_N_HALVINGS = 40
# No scale below this share of the mean distance, as in umap-learn.
_SMALLEST_SCALE = 1e-3
_BLOCK_ROWS = 2048


def fuzzy_graph(indices: IntArray, distances: FloatArray) -> sparse.csr_matrix:
    """Weigh the neighbor relation and make it symmetric.

    McInnes, Healy and Melville 2018 (arXiv 1802.03426), section 3.1, algorithms 2 and 3: the
    nearest neighbor has weight 1, farther ones exp(-(d - rho) / sigma); the union of both
    directions is w + w' - w w'.

    Args:
        indices: (n, k) int64, without the point itself.
        distances: (n, k) float32, >= 0.

    Returns:
        (n, n) CSR float32, symmetric, weights in (0, 1], columns sorted.
    """
    n, k = indices.shape
    strengths = membership_strengths(distances.astype(np.float64)).ravel()
    directed = sparse.csr_matrix((strengths, indices.ravel(), np.arange(0, n * k + 1, k)), shape=(n, n))
    reverse = directed.T.tocsr()
    union = (directed + reverse - directed.multiply(reverse)).tocsr().astype(np.float32)
    union.eliminate_zeros()
    union.sort_indices()
    return union


def membership_strengths(distances: DoubleArray) -> DoubleArray:
    """Give each of a point's neighbors its weight: (n, k) to (n, k) in [0, 1].

    sigma is such that a point's weights add up to log2(k + 1), the point itself counting as a
    neighbor; rho is the distance to the nearest one that is not a copy.
    """
    overall = float(distances.mean())
    blocks = over_blocks(lambda rows: _strengths(distances[rows], overall), len(distances), _BLOCK_ROWS)
    return np.concatenate(blocks)


def _strengths(distances: DoubleArray, overall: float) -> DoubleArray:
    nearest = np.where(distances > 0, distances, np.inf).min(axis=1)
    nearest = np.where(np.isfinite(nearest), nearest, 0.0)
    beyond = np.maximum(distances - nearest[:, None], 0.0)
    target = np.log2(distances.shape[1] + 1)
    low, high, scale = np.zeros(len(beyond)), np.full(len(beyond), np.inf), np.ones(len(beyond))
    for _ in range(_N_HALVINGS):
        too_wide = np.exp(-beyond / scale[:, None]).sum(axis=1) > target
        low, high = np.where(too_wide, low, scale), np.where(too_wide, scale, high)
        scale = np.where(np.isfinite(high), (low + np.where(np.isfinite(high), high, 0.0)) / 2, scale * 2)
    mean = np.where(nearest > 0, distances.sum(axis=1) / (distances.shape[1] + 1), overall)
    scale = np.maximum(scale, _SMALLEST_SCALE * mean)
    # All copies of each other: beyond is 0 and so is the scale.
    strengths: DoubleArray = np.exp(-beyond / np.maximum(scale, np.finfo(np.float64).tiny)[:, None])
    return strengths
