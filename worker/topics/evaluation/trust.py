"""What a reader would check before trusting a topic: whether it holds together, and whether its keywords are denied."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from worker.topics.fit import DoubleArray, FloatArray, IntArray
from worker.topics.words.vocabulary import Vocabulary

# The keywords that a topic's name is made of.
_NAMING: Final = 3


def cohesion(embeddings: FloatArray, labels: IntArray, n_topics: int) -> tuple[DoubleArray, IntArray]:
    """Compare how similar a topic's documents are to each other with how similar they are to those of the next topic.

    Args:
        embeddings: (n, d) float32, L2-normalized.
        labels: (n,) int64, -1 for outliers.
        n_topics: how many topics there are.

    Returns:
        (t, 2): the mean cosine of two documents of the topic, and of one of it and one of the topic for which that
        mean is highest; both after the mean of all documents was subtracted. 0 for a topic of one, or without others.
        And (t,) int64, that other topic; -1 if there is none.
    """
    centred = embeddings.astype(np.float64) - embeddings.mean(axis=0, dtype=np.float64)
    centred /= np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-12)
    sums = np.stack([centred[labels == topic].sum(axis=0) for topic in range(n_topics)])
    sizes = np.bincount(labels[labels >= 0], minlength=n_topics).astype(np.float64)
    together = sums @ sums.T
    within = (np.diag(together) - sizes) / np.maximum(sizes * (sizes - 1), 1)
    between = together / (sizes[:, None] * sizes[None])
    np.fill_diagonal(between, -np.inf)
    has_other = n_topics > 1
    rivals = between.argmax(axis=1) if has_other else np.full(n_topics, -1, dtype=np.int64)
    other = between.max(axis=1) if has_other else np.zeros(n_topics)
    return np.stack([within, other], axis=1), rivals


def denied_shares(labels: IntArray, keywords: Sequence[Sequence[str]], vocabulary: Vocabulary) -> DoubleArray:
    """Give, of each topic, how often its naming keywords are denied: (t,) in [0, 1].

    It is the largest share, over its first three keywords, of the documents of the topic with the word in which the
    word is denied. A keyword that is itself a denied word, such as "not hard", counts as the opposite.
    """
    affirmed, denied = vocabulary.affirmed_and_denied
    opposite = dict(zip(affirmed.tolist(), denied.tolist(), strict=True))
    opposite |= dict(zip(denied.tolist(), affirmed.tolist(), strict=True))
    shares = np.zeros(len(keywords))
    for topic, own in enumerate(keywords):
        rows = vocabulary.doc_term_matrix[labels == topic]
        for column in vocabulary.columns_of(own[:_NAMING]).tolist():
            if column in opposite:
                says, denies = (np.asarray((rows[:, c] > 0).todense()).ravel() for c in (column, opposite[column]))
                shares[topic] = max(shares[topic], denies.sum() / max(1, int((says | denies).sum())))
    return shares
