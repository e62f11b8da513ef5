"""Exact cosine nearest neighbours by blocked matrix products, on the CPU or on CUDA."""

from dataclasses import dataclass

import numpy as np
import torch

from worker.topics.fit import DoubleArray, FloatArray, IntArray

_BLOCK_BYTES = 64 * 2**20
# Rows whose candidates are compared again in double precision at a time.
_EXACT_ROWS = 32
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
    """Find the k nearest neighbours of every row by cosine, exactly.

    Never holds more than a block of the (n, n) similarities; ties go to the lower index.

    Args:
        embeddings: (n, d) float32, L2-normalized. Not modified.
        k: neighbours a point; at most n - 1 are returned.
        device: "cpu" or "cuda:N".
    """
    n = len(embeddings)
    k = min(k, n - 1)
    points = torch.from_numpy(embeddings).to(device)
    indices = np.empty((n, k), dtype=np.int64)
    distances = np.empty((n, k), dtype=np.float32)
    rows = max(1, _BLOCK_BYTES // (4 * n))
    for start in range(0, n, rows):
        candidates = _candidates(points, start, min(start + rows, n), min(k + _SPARE, n - 1))
        for first in range(0, len(candidates), _EXACT_ROWS):
            part = candidates[first : first + _EXACT_ROWS]
            own = slice(start + first, start + first + len(part))
            indices[own], similarities = _ranked(points, own, part, k)
            distances[own] = np.maximum(0.0, 1.0 - similarities)
    return Neighbors(indices, distances)


def _candidates(points: torch.Tensor, start: int, stop: int, n_candidates: int) -> torch.Tensor:
    """Select by single precision products, which are not the same bits for every block and thread."""
    similarities = points[start:stop] @ points.T
    own = torch.arange(start, stop, device=points.device)
    similarities[own - start, own] = -torch.inf
    return torch.topk(similarities, n_candidates, dim=1).indices


def _ranked(points: torch.Tensor, own: slice, candidates: torch.Tensor, k: int) -> tuple[IntArray, DoubleArray]:
    """Rank candidates by double precision products: the same order and bits however they were found."""
    products = torch.bmm(points[candidates].double(), points[own].double()[:, :, None])[:, :, 0]
    found = candidates.cpu().numpy().astype(np.int64)
    similarities = np.round(products.cpu().numpy(), _DECIMALS)
    order = np.lexsort((found, -similarities), axis=1)[:, :k]
    return np.take_along_axis(found, order, axis=1), np.take_along_axis(similarities, order, axis=1)
