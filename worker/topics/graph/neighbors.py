"""Cosine nearest neighbors by blocked matrix products, on the CPU or on CUDA.

Exact, but for very large batches on a CPU: there the candidates come from a sketch of the vectors,
and what is ranked are exact similarities all the same.
"""

import warnings
from dataclasses import dataclass

import numpy as np
import torch

from worker.topics.fit import DoubleArray, FloatArray, IntArray
from worker.topics.graph.candidates import candidates
from worker.topics.graph.sketch import near_together, sketch
from worker.topics.graph.threads import over_blocks

# Above so many rows a CPU finds candidates by a sketch: the n^2 products are a tenth of the work, which
# pays for the axes and the longer lists of candidates.
SKETCH_ABOVE = 8_000
# Candidates for each neighbor that is wanted: .9998 of the exact 20 neighbors were found on real sentences
# and on tiled ones, .966 if noise drowns the axes.
_SKETCH_FACTOR = 1.5
# More candidates than asked for, so that near ties at the cut are decided in double precision.
_SPARE = 8
# What is closer than this is a tie: the last bits differ between devices.
_DECIMALS = 12
_BLOCK_ROWS = 1024


@dataclass(frozen=True)
class Neighbors:
    """The nearest neighbors of each point, nearest first, without the point itself.

    Attributes:
        indices: (n, k) int64.
        distances: (n, k) float32, cosine distance, >= 0.
    """

    indices: IntArray
    distances: FloatArray


def nearest_neighbors(embeddings: FloatArray, k: int, device: str, *, spare: bool = False) -> Neighbors:
    """Find the k nearest neighbors of every row by cosine.

    Never holds more than a block of the (n, n) similarities; ties go to the lower index.

    Args:
        embeddings: (n, d) float32, L2-normalized. Not modified.
        k: neighbors a point; at most n - 1 are returned.
        device: "cpu" or "cuda:N".
        spare: whether the other candidates are given too, after the k nearest. They cost no search; above 8,000 items
            on a CPU some that are as near may be missing among them.
    """
    n = len(embeddings)
    k = min(k, n - 1)
    if device == "cpu" and n > SKETCH_ABOVE:
        numbers = sketch(embeddings)
        found = candidates(numbers, min(int(k * _SKETCH_FACTOR) + _SPARE, n - 1))
        products = _products_in_order(embeddings, found, near_together(numbers))
    else:
        points = torch.from_numpy(embeddings).to(device)
        found = candidates(points, min(k + _SPARE, n - 1))
        products = _products(points.double(), found)
    return _ranked(products, found, found.shape[1] if spare else k)


def neighbors_among(kept: IntArray, neighbors: Neighbors, most: int) -> Neighbors:
    """Restrict neighbors to some of the points.

    Args:
        kept: (m,) int64, rising rows; at least two.
        neighbors: of all points.
        most: neighbors a point; fewer are given to all if a point has no more left.

    Returns:
        Of the m points, by their place in `kept`.
    """
    place = np.full(len(neighbors.indices), -1, dtype=np.int64)
    place[kept] = np.arange(len(kept))
    around = place[neighbors.indices[kept]]
    k = min(most, int((around >= 0).sum(axis=1).min()))
    # Stable: those that are kept come first, nearest first.
    order = np.argsort(around < 0, axis=1, kind="stable")[:, :k]
    distances = np.take_along_axis(neighbors.distances[kept], order, axis=1)
    return Neighbors(np.take_along_axis(around, order, axis=1), distances)


def _products_in_order(embeddings: FloatArray, candidates: IntArray, order: IntArray) -> DoubleArray:
    """Multiply as `_products` does, row after row in this order.

    If rows that share candidates follow each other, these are still in the cache: a third of the time.
    """
    exact = np.empty(embeddings.shape)

    def copy(rows: slice) -> None:
        exact[rows] = embeddings[order[rows]]

    over_blocks(copy, len(exact), _BLOCK_ROWS)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    products = np.empty(candidates.shape)
    products[order] = _products(torch.from_numpy(exact), place[candidates[order]])
    return products


def _products(points: torch.Tensor, candidates: IntArray) -> DoubleArray:
    """Multiply each point, double precision on any device, with its candidates: (n, candidates) float64."""
    n, n_candidates = candidates.shape
    starts = torch.arange(0, n * n_candidates + 1, n_candidates, device=points.device)
    columns = torch.from_numpy(candidates.ravel()).to(points.device)
    zeros = torch.zeros(n * n_candidates, dtype=torch.float64, device=points.device)
    with warnings.catch_warnings():
        # Sparse tensors in compressed rows have been "in beta state" for years.
        warnings.simplefilter("ignore", UserWarning)
        pairs = torch.sparse_csr_tensor(starts, columns, zeros, size=(n, n), check_invariants=False)
    products = torch.sparse.sampled_addmm(pairs, points, points.T, beta=0.0).values()
    found: DoubleArray = products.view(n, n_candidates).cpu().numpy()
    return found


def _ranked(products: DoubleArray, candidates: IntArray, k: int) -> Neighbors:
    """Rank candidates by double precision products: the same order and bits however they were found."""
    similarities = np.round(products, _DECIMALS)
    # Stable: of equally near ones, the one with the lower index comes first.
    order = np.argsort(-similarities, axis=1, kind="stable")[:, :k]
    indices = np.take_along_axis(candidates, order, axis=1)
    distances = np.maximum(0.0, 1.0 - np.take_along_axis(similarities, order, axis=1))
    return Neighbors(indices, distances.astype(np.float32))
