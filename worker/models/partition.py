"""A topic's documents divided into parts, none so small that its vector gives its documents away."""

import numpy as np

from worker.models.model import FEWEST_IN_PART, OUTLIER
from worker.topics.arrays import DoubleArray, FloatArray, IntArray
from worker.topics.continuity.parts import nearest_part, part_directions, unit


def divide(embeddings: FloatArray, center: DoubleArray) -> IntArray:
    """Divide the documents of one topic into parts of about 15, at least 10: (m,) int64.

    Args:
        embeddings: (m, d) float32, L2-normalized, in canonical order.
        center: (d,) float64, the mean of all documents.

    Returns:
        Numbers from 0 on, none left out; -1 for all if there are fewer than 10 documents.
    """
    if len(embeddings) < FEWEST_IN_PART:
        return np.full(len(embeddings), OUTLIER, dtype=np.int64)
    directions = unit(embeddings.astype(np.float64) - center)
    chosen = part_directions(directions)
    while True:
        part = nearest_part(directions, chosen)
        sizes = np.bincount(part, minlength=len(chosen))
        smallest = int(sizes.argmin())
        if len(chosen) == 1 or sizes[smallest] >= FEWEST_IN_PART:
            return part
        # The documents of the smallest part go to those that are nearest then.
        chosen = np.delete(chosen, smallest, axis=0)


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
