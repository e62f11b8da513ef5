"""How a document's neighbors vote on its topic, counted again from a fit's diagnostics."""

from dataclasses import dataclass

import numpy as np

from worker.topics.clusters.outliers import MIN_SHARE
from worker.topics.fit import Diagnostics, DoubleArray, TopicFit


@dataclass(frozen=True)
class Vote:
    """The vote of a document's neighbors, as it is counted when outliers are placed.

    Attributes:
        n_neighbors: number of neighbors.
        n_clustered: number of neighbors that were in a topic before outliers were placed.
        best: the topic that most of those are in; -1 if none is in a topic.
        share: share of those neighbors that are in `best`.
    """

    n_neighbors: int
    n_clustered: int
    best: int
    share: float


def vote_on(diagnostics: Diagnostics, row: int, placed_in: int = -1) -> Vote:
    """Count the vote on one document.

    Args:
        diagnostics: the diagnostics of the fit.
        row: the row of the document.
        placed_in: the topic that the vote placed the document in, which decides a tie; -1 if it was not placed.
    """
    around = diagnostics.core[diagnostics.neighbors[row]]
    clustered = around[around >= 0]
    if not len(clustered):
        return Vote(len(around), 0, -1, 0.0)
    counts = np.bincount(clustered)
    best = int(counts.argmax()) if placed_in < 0 else placed_in
    return Vote(len(around), len(clustered), best, float(counts[best] / len(clustered)))


def neighbor_shares(fit: TopicFit, diagnostics: Diagnostics) -> DoubleArray:
    """Give the share of each document's neighbors that are in each topic of the result: (n_documents, n_topics)."""
    around = fit.labels[diagnostics.neighbors]
    shares = np.zeros((len(fit.labels), len(fit.topics)))
    for topic in range(len(fit.topics)):
        shares[:, topic] = np.mean(around == topic, axis=1)
    return shares


def is_placeable(vote: Vote) -> bool:
    """Tell whether enough neighbors agree to place an outlier, if placing is switched on."""
    return vote.n_clustered > 0 and vote.share >= MIN_SHARE


def why_outside(vote: Vote) -> str:
    """Give the reason why a document stayed an outlier."""
    if vote.n_clustered == 0:
        return f"none of its {vote.n_neighbors} nearest neighbors is in a topic"
    if is_placeable(vote):
        return f"{vote.share:.0%} of its clustered neighbors are in topic {vote.best}, but placing was switched off"
    return (
        f"its clustered neighbors disagree: {vote.share:.0%} are in topic {vote.best}, "
        f"but at least {MIN_SHARE:.0%} must agree to place it"
    )
