"""Place outliers where their neighbours agree, and say how sure each assignment is."""

import numpy as np

from worker.topics.fit import FloatArray, IntArray, SecondTopics

# Nearest neighbours that vote on outliers and probabilities, however many UMAP was asked to look at.
N_VOTERS = 20
# With up to twenty topics to choose from, two fifths of the votes are strong agreement; one half
# leaves over a fifth of a split batch outside for hardly purer topics.
MIN_SHARE = 0.4
# A second topic's members that must be farther from its centroid than the document is.
MIN_SECOND_STANDING = 0.5


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
    placed document is surer than a core one and both scales mean the same in every topic.

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


def second_topics(labels: IntArray, probabilities: FloatArray, embeddings: FloatArray) -> SecondTopics:
    """Find a second topic for each document that is as near to one as that topic's own members are.

    Near means: nearer to its centroid than half of its members, which asks the same of every
    topic and every encoder. The probability is half the share of members that are farther away, as
    for a placed outlier, and never above that of the first topic.

    Args:
        labels: (n,) int64, after placing; outliers have no second topic.
        probabilities: (n,) float32, of the first topics.
        embeddings: (n, d) float32, L2-normalized.
    """
    n_topics = int(labels.max(initial=-1)) + 1
    standing = np.zeros((len(labels), n_topics))
    for topic in range(n_topics):
        members = labels == topic
        centroid = embeddings[members].mean(axis=0, dtype=np.float64)
        closeness = np.round(embeddings @ centroid, 6)
        standing[:, topic] = np.searchsorted(np.sort(closeness[members]), closeness) / members.sum()
    inside = np.flatnonzero(labels >= 0)
    standing[inside, labels[inside]] = 0
    best = standing.argmax(axis=1)
    share = standing[np.arange(len(labels)), best]
    has_one = (labels >= 0) & (share >= MIN_SECOND_STANDING)
    return SecondTopics(
        labels=np.where(has_one, best, -1),
        probabilities=np.where(has_one, np.minimum(share / 2, probabilities), 0.0).astype(np.float32),
    )


def _votes(labels: IntArray, neighbors: IntArray) -> IntArray:
    votes = np.zeros((len(labels), max(int(labels.max(initial=-1)) + 1, 1)), dtype=np.int64)
    around = labels[neighbors]
    rows, columns = np.nonzero(around >= 0)
    np.add.at(votes, (rows, around[rows, columns]), 1)
    return votes
