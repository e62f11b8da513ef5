"""Cosine nearest neighbors by blocked matrix products, on the CPU or on CUDA.

Exact, but for very large batches on a CPU: there the candidates come from a sketch of the vectors,
and what is ranked are exact similarities all the same.
"""

import warnings
from dataclasses import dataclass

import numpy as np
import torch

from worker.topics.fit import FloatArray, IntArray
from worker.topics.graph.principal_axes import principal_axes

_BLOCK_BYTES = 32 * 2**20
# Above so many rows a CPU finds candidates by a sketch: the n^2 products are a tenth of the work, which
# pays for the axes and the longer lists of candidates.
SKETCH_ABOVE = 8_000
# Axes of the sketch, and candidates for each neighbor that is wanted: .9998 of the exact 20
# neighbors were found on real sentences and on tiled ones, .966 if noise drowns the axes.
_SKETCH_AXES = 256
_SKETCH_FACTOR = 1.5
# A sketch is rounded to integers that bfloat16 holds, and so small that no sum of products exceeds
# 2^24: they are added exactly, in whatever order, the same for any number of threads.
_SKETCH_LARGEST = 255.0
_SKETCH_NORM = 4080.0
# More candidates than asked for, so that near ties at the cut are decided in double precision.
_SPARE = 8
# What is closer than this is a tie: the last bits differ between devices.
_DECIMALS = 12


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
    points = torch.from_numpy(embeddings).to(device)
    exact = points.double()
    if device == "cpu" and n > SKETCH_ABOVE:
        candidates = _candidates(_sketch(embeddings, exact), min(int(k * _SKETCH_FACTOR) + _SPARE, n - 1))
    else:
        candidates = _candidates(points, min(k + _SPARE, n - 1))
    return _ranked(exact, candidates, candidates.shape[1] if spare else k)


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


def _sketch(embeddings: FloatArray, exact: torch.Tensor) -> torch.Tensor:
    """Project unit vectors, also given in double precision, on their principal axes, in integers: (n, axes)."""
    _, axes = principal_axes(embeddings, _SKETCH_AXES, centred=False)
    projected = exact.numpy() @ axes
    projected *= min(_SKETCH_LARGEST / max(projected.max(), -projected.min()), _SKETCH_NORM)
    sketch = torch.from_numpy(np.round(projected, out=projected).astype(np.float32))
    # Up to four times as fast as float32; without AVX-512 it would be slower.
    return sketch.bfloat16() if torch.backends.cpu.get_cpu_capability() == "AVX512" else sketch


def _candidates(points: torch.Tensor, n_candidates: int) -> torch.Tensor:
    """Select by products in the precision of the points: (n, n_candidates) int64, rising.

    Those of vectors are not the same bits for any number of threads; spare candidates allow for it.
    """
    n = len(points)
    rows = max(1, _BLOCK_BYTES // (points.element_size() * n))
    # One block for all: a fresh one each time costs a third of the product for its pages.
    block = torch.empty(min(rows, n), n, dtype=points.dtype, device=points.device)
    candidates = torch.empty(n, n_candidates, dtype=torch.int64, device=points.device)
    for start in range(0, n, rows):
        own = torch.arange(start, min(start + rows, n), device=points.device)
        similarities = torch.mm(points[own], points.T, out=block[: len(own)])
        similarities[own - start, own] = -torch.inf
        candidates[own] = torch.topk(similarities, n_candidates, dim=1, sorted=False).indices
    return candidates.sort(dim=1).values


def _ranked(points: torch.Tensor, candidates: torch.Tensor, k: int) -> Neighbors:
    """Rank candidates by double precision products: the same order and bits however they were found."""
    n, n_candidates = candidates.shape
    starts = torch.arange(0, n * n_candidates + 1, n_candidates, device=points.device)
    zeros = torch.zeros(n * n_candidates, dtype=torch.float64, device=points.device)
    with warnings.catch_warnings():
        # Sparse tensors in compressed rows have been "in beta state" for years.
        warnings.simplefilter("ignore", UserWarning)
        pairs = torch.sparse_csr_tensor(starts, candidates.reshape(-1), zeros, size=(n, n), check_invariants=False)
    products = torch.sparse.sampled_addmm(pairs, points, points.T, beta=0.0).values().view(n, n_candidates)
    similarities = np.round(products.cpu().numpy(), _DECIMALS)
    # Stable: of equally near ones, the one with the lower index comes first.
    order = np.argsort(-similarities, axis=1, kind="stable")[:, :k]
    indices = np.take_along_axis(candidates.cpu().numpy(), order, axis=1)
    distances = np.maximum(0.0, 1.0 - np.take_along_axis(similarities, order, axis=1))
    return Neighbors(indices, distances.astype(np.float32))
