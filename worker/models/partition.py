"""A topic's documents divided into parts, none so small that its vector gives its documents away."""

import numpy as np

from worker.models.model import FEWEST_IN_PART, OUTLIER
from worker.topics.arrays import DoubleArray, FloatArray, IntArray
from worker.topics.continuity.part_comparison import DECIMALS, DOCUMENTS_A_PART, MOST_PARTS, unit

# Of the power iteration; where the axis is not clear, any near it divides as well.
_N_ROUNDS = 10


def divide(embeddings: FloatArray, center: DoubleArray) -> IntArray:
    """Divide the documents of one topic into parts of about 15, at least 10: (m,) int64.

    The largest part is halved at the median along its first principal axis (as Boley 1998 does at the mean), again
    and again. Halves keep all parts large; k-means makes crumbs of what is far out.

    Args:
        embeddings: (m, d) float32, L2-normalized, in canonical order.
        center: (d,) float64, the center of the model.

    Returns:
        Numbers from 0 on, none left out; -1 for all if there are fewer than 10 documents.
    """
    part = np.full(len(embeddings), OUTLIER, dtype=np.int64)
    if len(embeddings) < FEWEST_IN_PART:
        return part
    directions = unit(embeddings.astype(np.float64) - center)
    groups = [np.arange(len(embeddings))]
    wanted = min(MOST_PARTS, len(embeddings) // DOCUMENTS_A_PART)
    while len(groups) < wanted:
        largest = max(range(len(groups)), key=lambda i: (len(groups[i]), -i))
        if len(groups[largest]) < 2 * FEWEST_IN_PART:
            break
        members = groups.pop(largest)
        halves = members[np.argsort(_along_axis(directions[members]), kind="stable")]
        groups += [np.sort(half) for half in (halves[: len(halves) // 2], halves[len(halves) // 2 :])]
    for number, members in enumerate(groups):
        part[members] = number
    return part


def _along_axis(directions: DoubleArray) -> DoubleArray:
    """Give the place of each document along the first principal axis, nearly: (m,), rounded."""
    centred = directions - directions.mean(axis=0)
    axis = centred[int(np.round(np.linalg.norm(centred, axis=1), DECIMALS).argmax())]
    for _ in range(_N_ROUNDS):
        axis = unit((centred.T @ (centred @ axis))[None])[0]
    places: DoubleArray = np.round(centred @ axis, DECIMALS)
    return places


def pooled(closeness: DoubleArray) -> IntArray:
    """Add documents to the parts of their topic so that no part gets fewer than 10: (m,) int64, -1 for all if m < 10.

    Each goes to the part that it is nearest to. The part that gets the fewest, if too few, gets none: its documents go
    to the next nearest part, again and again.

    Args:
        closeness: (m, k), to each part.
    """
    if len(closeness) < FEWEST_IN_PART:
        return np.full(len(closeness), OUTLIER, dtype=np.int64)
    open_: IntArray = np.arange(closeness.shape[1], dtype=np.int64)
    while True:
        part: IntArray = open_[closeness[:, open_].argmax(axis=1)]
        sizes = np.bincount(part, minlength=closeness.shape[1])
        small = np.flatnonzero((sizes > 0) & (sizes < FEWEST_IN_PART))
        if not len(small):
            return part
        open_ = open_[open_ != small[sizes[small].argmin()]]


def sums_of(part: IntArray, embeddings: FloatArray, n_parts: int) -> tuple[DoubleArray, IntArray]:
    """Add up the documents of each part; those of part -1 nowhere.

    Args:
        part: (m,) int64.
        embeddings: (m, d) float32.
        n_parts: how many there are.

    Returns:
        (parts, d) float64, the sums, and (parts,) int64, the counts.
    """
    sums = np.zeros((n_parts, embeddings.shape[1]))
    inside = part >= 0
    np.add.at(sums, part[inside], embeddings[inside].astype(np.float64))
    return sums, np.bincount(part[inside], minlength=n_parts).astype(np.int64)
