"""Place outliers where their neighbours agree, and say how sure each assignment is."""

import numpy as np

from worker.topics.fit import FloatArray, IntArray

# With up to twenty topics to choose from, two fifths of the votes are strong agreement; one half
# leaves over a fifth of a split batch outside for hardly purer topics.
MIN_SHARE = 0.4


def place_outliers(labels: IntArray, neighbors: IntArray, *, min_share: float = MIN_SHARE) -> IntArray:
    """Give each outlier the topic that most of its clustered neighbours share.

    Args:
        labels: (n,) int64, -1 for outliers. Not modified.
        neighbors: (n, k) int64, nearest first, without the point itself.
        min_share: of the clustered neighbours, in (0, 1]; below it the outlier stays one.

    Returns:
        (n,) int64; ties between topics go to the larger one (the lower label).
    """
    votes = _votes(labels, neighbors)
    total = votes.sum(axis=1)
    best = votes.argmax(axis=1)
    share = votes[np.arange(len(labels)), best] / np.maximum(total, 1)
    placed = (labels < 0) & (total > 0) & (share >= min_share)
    return np.where(placed, best, labels)


def assignment_probabilities(labels: IntArray, core: IntArray, neighbors: IntArray) -> FloatArray:
    """Say how sure each assignment is: the share of a document's neighbours in its topic.

    HDBSCAN's strength speaks of the small cluster before merging; this speaks of the topic that
    is reported. A core document has (1 + share) / 2, a placed outlier share / 2, so that no
    placed document passes for a core one and both scales mean the same in every topic.

    Args:
        labels: (n,) int64, after placing.
        core: (n,) int64, before placing.
        neighbors: (n, k) int64, without the point itself.

    Returns:
        (n,) float32 in [0, 1], 0 for outliers.
    """
    around = labels[neighbors] if neighbors.shape[1] else np.full((len(labels), 1), -1)
    share = np.mean(around == labels[:, None], axis=1)
    probability = np.where(core >= 0, (1 + share) / 2, share / 2)
    return np.where(labels >= 0, probability, 0.0).astype(np.float32)


def _votes(labels: IntArray, neighbors: IntArray) -> IntArray:
    votes = np.zeros((len(labels), max(int(labels.max(initial=-1)) + 1, 1)), dtype=np.int64)
    around = labels[neighbors]
    rows, columns = np.nonzero(around >= 0)
    np.add.at(votes, (rows, around[rows, columns]), 1)
    return votes
