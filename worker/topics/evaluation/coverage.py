"""How much of a topic its keywords tell: how many of its comments hold one, or are like those that do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import sparse

from worker.topics.fit import BoolArray, DoubleArray, FloatArray, IntArray
from worker.topics.words.vocabulary import Vocabulary

# A comment without a keyword is like those with one if it is as similar to them as three quarters of them are to the
# others: a lower mark would take in comments that only share the topic's wording.
_LIKE: Final = 0.25
# Of fewer comments with a keyword it cannot be told how similar they are to each other.
_FEWEST_HOLDERS: Final = 3


@dataclass(frozen=True, eq=False)
class Coverage:
    """How far each topic's keywords tell its comments; all (t,) float64, shares in [0, 1].

    Attributes:
        own: of its comments, those that hold at least one of its keywords.
        elsewhere: of all other comments, those that hold one.
        at_rival: of the comments of the next topic, those that hold one; 0 if there is no other.
        told: of its comments, those that hold one or are like those that do.
    """

    own: DoubleArray
    elsewhere: DoubleArray
    at_rival: DoubleArray
    told: DoubleArray


def coverage(
    embeddings: FloatArray,
    labels: IntArray,
    rivals: IntArray,
    keywords: Sequence[Sequence[str]],
    vocabulary: Vocabulary,
) -> Coverage:
    """Measure what the keywords of each topic tell.

    Args:
        embeddings: (n, d) float32, L2-normalized.
        labels: (n,) int64, -1 for outliers.
        rivals: (t,) int64, the next topic; -1 if there is none.
        keywords: of each topic.
        vocabulary: of the same documents.
    """
    by_term = sparse.csc_matrix(vocabulary.doc_term_matrix)
    mean = embeddings.mean(axis=0, dtype=np.float64)
    found = np.zeros((len(keywords), 4))
    for topic, own in enumerate(keywords):
        inside = labels == topic
        holds = np.asarray(by_term[:, vocabulary.columns_of(own)].sum(axis=1)).ravel() > 0
        found[topic] = (
            _share(holds[inside]),
            _share(holds[~inside]),
            _share(holds[labels == rivals[topic]]) if rivals[topic] >= 0 else 0.0,
            _told(embeddings[inside] - mean, holds[inside]),
        )
    return Coverage(*found.T)


def _share(holds: BoolArray) -> float:
    return float(holds.mean()) if len(holds) else 0.0


def _told(centred: DoubleArray, holds: BoolArray) -> float:
    """Give the share of a topic's documents that hold a keyword or are like those that do."""
    n_holders = int(holds.sum())
    if n_holders < _FEWEST_HOLDERS:
        return _share(holds)
    centred = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-12)
    together = centred @ centred[holds].sum(axis=0)
    # A document is no evidence for itself.
    among = (together[holds] - 1) / (n_holders - 1)
    like = together[~holds] / n_holders >= np.quantile(among, _LIKE)
    return float((n_holders + like.sum()) / len(holds))
