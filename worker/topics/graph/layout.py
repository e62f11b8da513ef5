"""UMAP's layout in plain torch: one code path for the CPU and for CUDA, the same bytes twice.

No atomics: edges are taken rank by rank (every point's strongest edge, its second strongest, ...),
so that no step writes a point twice, and every sum has one order. Only operations that are rounded
correctly everywhere (+, -, *, /, square root) touch the coordinates, which lie axis by axis: a sum
over the axes is then an addition of long rows.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy import sparse

from worker.topics.fit import FloatArray, IntArray
from worker.topics.graph.principal_axes import principal_axes
from worker.topics.graph.threads import one_thread, over_blocks

# 1 / (1 + A d^(2 B)) is UMAP's stand-in for exp(-d), its curve for min_dist = 0; least squares on
# [0, 3] gives 1.93 and .79. An exponent of three quarters needs square roots only; any other power has
# other last bits on other devices and thread counts.
A = 1.93
B = 0.75
N_NEGATIVES = 5
# Steps an epoch in which the negatives come. One large step instead would throw points about.
N_REPULSIONS = 20
# The length of a push; umap-learn bounds each coordinate of it, which prefers the diagonals.
MAX_REPULSION = 4.0
# Strongest edges of a point that pull it; what only a hub has beyond these pulls the other end.
MAX_DEGREE = 48
# Epochs at most between two visits of a weak edge.
MAX_PERIOD = 8
EXTENT = 10.0
_START_DECIMALS = 3
_NEAR = 1e-3
_NEARER = 1e-6
# Rows that are held in double precision at a time.
_BLOCK_ROWS = 512
_DIGIT = 2**16 - 1


@dataclass(frozen=True)
class _Rank:
    """The r-th strongest edge of every point that has one.

    Attributes:
        tails: (m,) int64; the heads are points 0 to m - 1.
        weights: (m,) float32, times the period.
        period: epochs from one visit to the next.
    """

    tails: torch.Tensor
    weights: torch.Tensor
    period: int


def lay_out(graph: sparse.csr_matrix, start: FloatArray, *, n_epochs: int, seed: int, device: str) -> FloatArray:
    """Move points so that those with heavy edges come to lie together.

    McInnes, Healy and Melville 2018 (arXiv 1802.03426), algorithm 5, in batches: in expectation
    an edge pulls as often as it does there, and a point meets as many negatives.

    Args:
        graph: (n, n) CSR float32, symmetric, n >= 2.
        start: (n, c) float32. Not modified.
        n_epochs: >= 1.
        seed: of the negatives.
        device: "cpu" or "cuda:N".

    Returns:
        (n, c) float32.
    """
    # By falling degree, the heads of every rank are the first points: a slice, no scatter.
    order = np.argsort(-np.diff(graph.indptr), kind="stable")
    ranks = _ranks(graph, order, device)
    points = torch.from_numpy(np.ascontiguousarray(start[order].T)).to(device)
    repulsion = (_repelled(graph, order) * (N_NEGATIVES / N_REPULSIONS)).to(device)
    draws = torch.Generator().manual_seed(seed)
    shifts = torch.randint(1, len(start), (n_epochs, N_REPULSIONS), generator=draws).tolist()
    with one_thread():
        for epoch in range(n_epochs):
            _run_epoch(points, ranks, repulsion, epoch, 1.0 - epoch / n_epochs, shifts[epoch])
    coordinates = np.empty_like(start)
    coordinates[order] = points.T.cpu().numpy()
    return coordinates


def principal_start(embeddings: FloatArray, n_components: int, seed: int) -> FloatArray:
    """Project on the principal axes, as a start for the layout: (n, n_components) float32.

    Coarse and with a little noise: the last bits of a product over threads must not matter, and
    equal points must be able to part. The clusters are as good as from a spectral start.
    """
    mean, axes = principal_axes(embeddings, n_components)
    projected = np.concatenate(
        over_blocks(lambda rows: embeddings[rows].astype(np.float64) @ axes, len(embeddings), _BLOCK_ROWS)
    )
    projected -= mean @ axes
    scaled = np.round(projected * (EXTENT / max(np.abs(projected).max(), _NEARER)), _START_DECIMALS)
    noise = np.random.default_rng(seed).normal(scale=10.0**-_START_DECIMALS, size=(len(scaled), n_components))
    noise[:, : scaled.shape[1]] += scaled
    return noise.astype(np.float32)


def _run_epoch(
    points: torch.Tensor, ranks: list[_Rank], repulsion: torch.Tensor, epoch: int, rate: float, shifts: list[int]
) -> None:
    """Visit the ranks whose turn it is, the repulsions spread between them."""
    gap = max(1, len(ranks) // N_REPULSIONS)
    left = list(shifts)
    for number, rank in enumerate(ranks):
        if (epoch + number) % rank.period == 0:
            _attract(points, rank, rate)
        if number % gap == 0 and left:
            _repel(points, left.pop(), repulsion, rate)
    for shift in left:
        _repel(points, shift, repulsion, rate)


def _attract(points: torch.Tensor, rank: _Rank, rate: float) -> None:
    own = points[:, : len(rank.tails)]
    towards = points.index_select(1, rank.tails).sub_(own)
    distance = (towards * towards).sum(dim=0).sqrt_()
    root = distance.sqrt()
    damping = distance.mul_(root).mul_(A).add_(1).mul_(root.add_(_NEARER))
    # Twice: an edge pulls both its ends, and this one is in the graph in both directions.
    own += towards.mul_((rank.weights / damping).mul_(2 * rate * 2 * A * B))


def _repel(points: torch.Tensor, shift: int, repulsion: torch.Tensor, rate: float) -> None:
    """Push every point from another one, each of which is drawn once."""
    away = points - torch.roll(points, shift, 1)
    squared = (away * away).sum(dim=0)
    distance = squared.sqrt()
    damping = distance.sqrt().mul_(distance).mul_(A).add_(1).mul_(squared.add_(_NEAR))
    force = torch.minimum((2 * B) / damping, MAX_REPULSION / distance.add_(_NEARER))
    points += away.mul_(force.mul_(repulsion).mul_(rate))


def _ranks(graph: sparse.csr_matrix, order: IntArray, device: str) -> list[_Rank]:
    degree = np.diff(graph.indptr).astype(np.int64)
    position = np.empty(len(order), dtype=np.int64)
    position[order] = np.arange(len(order))
    heads = np.repeat(position, degree)
    # The bits of positive floats have the floats' order.
    edges = _stable_order(~graph.data.astype(np.float32).view(np.uint32), 32)
    edges = edges[_stable_order(heads[edges], len(order).bit_length())]
    degree = degree[order]
    rank = np.arange(len(heads)) - np.repeat(np.cumsum(degree) - degree, degree)
    kept = rank < MAX_DEGREE
    edges, rank = edges[kept], rank[kept]
    by_rank = _stable_order(rank, MAX_DEGREE.bit_length())
    edges, rank = edges[by_rank], rank[by_rank]
    cuts = np.searchsorted(rank, np.arange(1, int(rank.max(initial=0)) + 1))
    tails = np.split(position[graph.indices[edges].astype(np.int64)], cuts)
    weights = np.split(graph.data[edges].astype(np.float32), cuts)
    return [_rank(own, weight, device) for own, weight in zip(tails, weights, strict=True)]


def _stable_order(keys: npt.NDArray[np.integer[Any]], n_bits: int) -> IntArray:
    """Sort integers of so many bits as a stable `np.argsort` does, but 16 bits at a time, for which numpy is faster."""
    order: IntArray = np.argsort((keys & _DIGIT).astype(np.uint16), kind="stable")
    for done in range(16, n_bits, 16):
        order = order[np.argsort(((keys >> done) & _DIGIT)[order].astype(np.uint16), kind="stable")]
    return order


def _rank(tails: IntArray, weights: FloatArray, device: str) -> _Rank:
    period = 1
    while period < MAX_PERIOD and 2 * period * float(np.median(weights)) <= 1:
        period *= 2
    scaled = torch.from_numpy(weights * np.float32(period)).to(device)
    return _Rank(torch.from_numpy(tails).to(device), scaled, period)


def _repelled(graph: sparse.csr_matrix, order: IntArray) -> torch.Tensor:
    """Add up each point's edges: as often as these pull, it meets negatives; (n,) float32."""
    totals = np.asarray(graph.astype(np.float64).sum(axis=1)).ravel()[order]
    return torch.from_numpy(totals.astype(np.float32))
