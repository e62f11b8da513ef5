"""Which groups of left-over documents are topics of their own, and no fringe of a topic that is there."""

import numpy as np

from worker.topics.continuity.part_comparison import DECIMALS, DOCUMENTS_A_PART, MOST_PARTS, unit
from worker.topics.fit import DoubleArray, FloatArray, IntArray

# A new topic is real if this share of its documents is nearer to the rest of it than to any other topic. Measured on
# three corpora in thirty daily updates: .6 doubles the false topics, .8 misses real ones.
MIN_OWN_SHARE = 0.7
# A veto: a group whose centred mean is this near to that of a topic says the same.
TOO_ALIKE = 0.5
_N_ROUNDS = 5


def real_topics(groups: IntArray, labels: IntArray, embeddings: FloatArray, most: int) -> list[int]:
    """Find the groups that are real topics; each is also compared with those that were found before it.

    Args:
        groups: (n,) int64, the group of each left-over document, -1 for the others.
        labels: (n,) int64, the topics that are there, -1 for none.
        embeddings: (n, d) float32, L2-normalized.
        most: how many may be found.

    Returns:
        Numbers of real groups, the largest first; of equal ones the lower.
    """
    numbers, sizes = np.unique(groups[groups >= 0], return_counts=True)
    if not len(numbers) or most < 1:
        return []
    center = embeddings.mean(axis=0, dtype=np.float64)
    topics = [embeddings[labels == topic] - center for topic in np.unique(labels[labels >= 0])]
    means = [unit(own.mean(axis=0, keepdims=True)) for own in topics]
    parts = [_parts(own) for own in topics]
    real: list[int] = []
    for number in numbers[np.lexsort((numbers, -sizes))].tolist():
        own = embeddings[groups == number] - center
        if len(real) < most and (not means or is_own_topic(own, np.concatenate(means), np.concatenate(parts))):
            real.append(number)
            means.append(unit(own.mean(axis=0, keepdims=True)))
            parts.append(_parts(own))
    return real


def is_own_topic(own: DoubleArray, means: DoubleArray, parts: DoubleArray) -> bool:
    """Tell whether a group of documents is a topic of its own beside those that are there.

    Args:
        own: (n, d) the group's embeddings less the mean of all.
        means: (t, d) unit, of the topics that are there, less the mean of all.
        parts: (k, d) unit, the directions of their parts, less the mean of all.
    """
    total = own.sum(axis=0)
    if np.round(means @ unit(total[None])[0], DECIMALS).max() >= TOO_ALIKE:
        return False
    directions = unit(own)
    # Leave-one-out: each document against the mean of the others.
    to_rest = np.round(np.einsum("ij,ij->i", directions, unit(total - own)), DECIMALS)
    to_others = np.round(directions @ parts.T, DECIMALS).max(axis=1)
    return float(np.mean(to_rest > to_others)) >= MIN_OWN_SHARE


def _parts(own: DoubleArray) -> DoubleArray:
    """Give the directions of a topic's parts: (parts, d), by k-means on the sphere from a start without chance."""
    directions = unit(own)
    n_parts = min(MOST_PARTS, max(1, len(own) // DOCUMENTS_A_PART))
    chosen = unit(directions.mean(axis=0, keepdims=True))
    for _ in range(n_parts - 1):
        # The next part begins at the document that is farthest from all parts so far.
        nearest = np.round(directions @ chosen.T, DECIMALS).max(axis=1)
        chosen = np.concatenate([chosen, directions[[int(nearest.argmin())]]])
    for _ in range(_N_ROUNDS):
        part = np.round(directions @ chosen.T, DECIMALS).argmax(axis=1)
        members = [directions[part == number] for number in range(n_parts)]
        chosen = np.stack(
            [unit(some.sum(axis=0, keepdims=True))[0] if len(some) else chosen[i] for i, some in enumerate(members)]
        )
    sizes = np.bincount(np.round(directions @ chosen.T, DECIMALS).argmax(axis=1), minlength=n_parts)
    # A part of one or two documents is a single comment, to which chance brings others near.
    large = sizes >= min(3, int(sizes.max()))
    return chosen[large]
