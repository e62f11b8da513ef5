"""Cosine nearest neighbours by blocked matrix products, on the CPU or on CUDA.

Exact, but for very large batches on a CPU: there the candidates come from a sketch of the vectors,
and what is ranked are exact similarities all the same.
"""

from dataclasses import dataclass

import numpy as np
import torch

from worker.topics.fit import DoubleArray, FloatArray, IntArray
from worker.topics.principal_axes import principal_axes
from worker.topics.threads import one_thread

_BLOCK_BYTES = 64 * 2**20
# Rows whose candidates are compared again in double precision at a time: few stay in a CPU's cache.
_EXACT_ROWS_CPU = 8
_EXACT_ROWS_CUDA = 1024
# Above so many rows a CPU finds candidates by a sketch: the n^2 products have a quarter of the
# length, which pays for the axes and the longer lists of candidates from about 10,000 rows on.
SKETCH_ABOVE = 12_000
# Axes of the sketch: .998 of the exact 20 neighbours were found on real and on tiled sentences.
_SKETCH_AXES = 192
# Candidates a neighbour that is wanted, from a sketch.
_SKETCH_FACTOR = 2
# A sketch is rounded to integers so small that no sum of products exceeds 2^24: float32 then adds
# them exactly, in whatever order, and the candidates are the same for any number of threads.
_SKETCH_NORM = 4080.0
# More candidates than asked for, so that near ties at the cut are decided in double precision.
_SPARE = 8
# What is closer than this is a tie: the last bits differ between devices.
_DECIMALS = 12


@dataclass(frozen=True)
class Neighbors:
    """The nearest neighbours of each point, nearest first, without the point itself.

    Attributes:
        indices: (n, k) int64.
        distances: (n, k) float32, cosine distance, >= 0.
    """

    indices: IntArray
    distances: FloatArray


def nearest_neighbors(embeddings: FloatArray, k: int, device: str) -> Neighbors:
    """Find the k nearest neighbours of every row by cosine.

    Never holds more than a block of the (n, n) similarities; ties go to the lower index.

    Args:
        embeddings: (n, d) float32, L2-normalized. Not modified.
        k: neighbours a point; at most n - 1 are returned.
        device: "cpu" or "cuda:N".
    """
    n = len(embeddings)
    k = min(k, n - 1)
    on_cpu = device == "cpu"
    points = torch.from_numpy(embeddings).to(device)
    sketched = on_cpu and n > SKETCH_ABOVE
    compared = _sketch(embeddings) if sketched else points
    n_candidates = min(k * (_SKETCH_FACTOR if sketched else 1) + _SPARE, n - 1)
    exact = points.double()
    indices = np.empty((n, k), dtype=np.int64)
    distances = np.empty((n, k), dtype=np.float32)
    rows = max(1, _BLOCK_BYTES // (4 * n))
    for start in range(0, n, rows):
        candidates = _candidates(compared, start, min(start + rows, n), n_candidates)
        own = slice(start, start + len(candidates))
        with one_thread():
            indices[own], similarities = _ranked(exact, start, candidates, k, on_cpu)
        distances[own] = np.maximum(0.0, 1.0 - similarities)
    return Neighbors(indices, distances)


def _sketch(embeddings: FloatArray) -> torch.Tensor:
    """Project unit vectors on their principal axes, in integers: (n, axes) float32."""
    _, axes = principal_axes(embeddings, _SKETCH_AXES, centred=False)
    return torch.from_numpy(np.round(embeddings.astype(np.float64) @ (axes * _SKETCH_NORM)).astype(np.float32))


def _candidates(points: torch.Tensor, start: int, stop: int, n_candidates: int) -> torch.Tensor:
    """Select by single precision products, which are not the same bits for every block and thread."""
    similarities = points[start:stop] @ points.T
    own = torch.arange(start, stop, device=points.device)
    similarities[own - start, own] = -torch.inf
    return torch.topk(similarities, n_candidates, dim=1).indices


def _ranked(
    exact: torch.Tensor, start: int, candidates: torch.Tensor, k: int, on_cpu: bool
) -> tuple[IntArray, DoubleArray]:
    """Rank candidates by double precision products: the same order and bits however they were found."""
    n_rows, n_candidates = candidates.shape
    products = torch.empty(n_rows, n_candidates, dtype=torch.float64, device=exact.device)
    step = _EXACT_ROWS_CPU if on_cpu else _EXACT_ROWS_CUDA
    for first in range(0, n_rows, step):
        part = candidates[first : first + step]
        others = exact.index_select(0, part.reshape(-1)).view(len(part), n_candidates, -1)
        own = exact[start + first : start + first + len(part), :, None]
        products[first : first + step] = torch.bmm(others, own)[:, :, 0]
    found = candidates.cpu().numpy().astype(np.int64)
    similarities = np.round(products.cpu().numpy(), _DECIMALS)
    order = np.lexsort((found, -similarities), axis=1)[:, :k]
    return np.take_along_axis(found, order, axis=1), np.take_along_axis(similarities, order, axis=1)
