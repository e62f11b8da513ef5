"""The minimum spanning tree that HDBSCAN begins with, from nearest neighbours, for large batches."""

import numpy as np
import torch
from scipy import sparse
from scipy.sparse import csgraph
from scipy.spatial import KDTree

from worker.topics.fit import DoubleArray, FloatArray, IntArray

# Nearest neighbours of a point that can become branches of the tree.
_N_NEIGHBORS = 16
# One of so many points of a component looks for neighbours farther away.
_THINNING = 4
# What coordinates in single precision can tell apart; a weight of 0 would be no edge.
_SMALLEST_DISTANCE = 1e-6
_LEAF_SIZE = 40


def spanning_tree(coordinates: FloatArray, min_samples: int) -> DoubleArray:
    """Find a minimum spanning tree by mutual reachability (Campello et al. 2013, section 3).

    Its branches are edges to nearest neighbours. As long as these leave several components, every
    fourth point of each looks for neighbours among its like. The clusters are as near to the exact
    tree's (ARI .97 to .99) as those of hdbscan's own search (.97 to 1), whose time grows with n^2.4.

    Args:
        coordinates: (n, c) float32, n >= 2. Not modified.
        min_samples: >= 1, which neighbour's distance is a point's core distance.

    Returns:
        (n - 1, 3) float64, a branch a row: both its ends, the lower one first, and its weight > 0; the lightest first.
    """
    n = len(coordinates)
    points = coordinates.astype(np.float64)
    n_neighbors = max(_N_NEIGHBORS, min_samples)
    rows = np.arange(n)
    distances, neighbors = _nearest(points, n_neighbors)
    core = distances[:, min(min_samples, n - 1)]
    graph = _reachability(rows, neighbors, distances, core)
    while True:
        n_components, component = csgraph.connected_components(graph, directed=False)
        if n_components == 1:
            return _branches(csgraph.minimum_spanning_tree(graph).tocoo())
        rows = _thinned(rows, component)
        distances, neighbors = _nearest(points[rows], n_neighbors)
        graph = graph.maximum(_reachability(rows, rows[neighbors], distances, core))


def _branches(tree: sparse.coo_matrix) -> DoubleArray:
    low, high = np.minimum(tree.row, tree.col), np.maximum(tree.row, tree.col)
    order = np.lexsort((high, low, tree.data))
    return np.stack([low, high, tree.data], axis=1)[order].astype(np.float64)


def _nearest(points: DoubleArray, k: int) -> tuple[DoubleArray, IntArray]:
    """Find the k nearest others of each point, behind the point itself: distances and indices, (n, k + 1)."""
    distances, indices = KDTree(points, leafsize=_LEAF_SIZE).query(
        points, k=min(k + 1, len(points)), workers=torch.get_num_threads()
    )
    return distances, indices


def _reachability(rows: IntArray, neighbors: IntArray, distances: DoubleArray, core: DoubleArray) -> sparse.csr_matrix:
    heads, tails = np.repeat(rows, neighbors.shape[1]), neighbors.ravel()
    # Among copies, the point itself need not come first.
    others = heads != tails
    heads, tails = heads[others], tails[others]
    weights = np.maximum(distances.ravel()[others], np.maximum(core[heads], core[tails]))
    weights = np.maximum(weights, _SMALLEST_DISTANCE)
    return sparse.csr_matrix((weights, (heads, tails)), shape=(len(core), len(core)))


def _thinned(rows: IntArray, component: IntArray) -> IntArray:
    """Keep every fourth of the rows of each component, and at least one of each."""
    order = np.lexsort((rows, component[rows]))
    _, first, sizes = np.unique(component[rows][order], return_index=True, return_counts=True)
    place = np.arange(len(rows)) - np.repeat(first, sizes)
    return np.sort(rows[order[place % _THINNING == 0]])
