"""The parts of a topic: it is wide, and a document or a group of documents is compared with what is nearest in it."""

import numpy as np

from worker.topics.arrays import DoubleArray, IntArray

# A topic is looked at in parts of about 15 documents, at most 20 of them.
DOCUMENTS_A_PART = 15
MOST_PARTS = 20
_N_ROUNDS = 5
# What is closer than this is a tie: the last bits of a product must decide nothing.
DECIMALS = 6


def part_directions(directions: DoubleArray) -> DoubleArray:
    """Find the directions of a topic's parts, by k-means on the sphere from a start without chance.

    Args:
        directions: (n, d) unit, the topic's documents less the mean of all.

    Returns:
        (parts, d) unit; a part may hold few documents, or none.
    """
    n_parts = min(MOST_PARTS, max(1, len(directions) // DOCUMENTS_A_PART))
    chosen = unit(directions.mean(axis=0, keepdims=True))
    for _ in range(n_parts - 1):
        # The next one begins where the document is that is farthest from all so far.
        nearest = np.round(directions @ chosen.T, DECIMALS).max(axis=1)
        chosen = np.concatenate([chosen, directions[[int(nearest.argmin())]]])
    for _ in range(_N_ROUNDS):
        part = nearest_part(directions, chosen)
        members = [directions[part == number] for number in range(n_parts)]
        chosen = np.stack(
            [unit(some.sum(axis=0, keepdims=True))[0] if len(some) else chosen[i] for i, some in enumerate(members)]
        )
    return chosen


def nearest_part(directions: DoubleArray, parts: DoubleArray) -> IntArray:
    """Find the part that each document is nearest to, (n,) int64; ties to the first."""
    nearest: IntArray = np.round(directions @ parts.T, DECIMALS).argmax(axis=1)
    return nearest


def unit(rows: DoubleArray) -> DoubleArray:
    """Scale rows to length 1; zero rows stay zero."""
    scaled: DoubleArray = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return scaled
