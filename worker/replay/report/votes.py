"""What a document's neighbours say about it: numpy over a fit's diagnostics."""

from dataclasses import dataclass

import numpy as np

from worker.topics.clusters.outliers import MIN_SHARE
from worker.topics.fit import Diagnostics, DoubleArray, TopicFit


@dataclass(frozen=True)
class Vote:
    """The votes for one document as its placing counts them.

    Attributes:
        n_neighbors: that could vote.
        n_clustered: of them that were in a topic before placing.
        best: the topic most of those are in; -1 where none is.
        share: of the clustered neighbours that are in `best`.
    """

    n_neighbors: int
    n_clustered: int
    best: int
    share: float


def vote_on(diagnostics: Diagnostics, row: int, placed_in: int = -1) -> Vote:
    """Count the votes for one document; where it was placed by them, that topic has won, ties included."""
    around = diagnostics.core[diagnostics.neighbors[row]]
    clustered = around[around >= 0]
    if not len(clustered):
        return Vote(len(around), 0, -1, 0.0)
    counts = np.bincount(clustered)
    best = int(counts.argmax()) if placed_in < 0 else placed_in
    return Vote(len(around), len(clustered), best, float(counts[best] / len(clustered)))


def neighbor_shares(fit: TopicFit, diagnostics: Diagnostics) -> DoubleArray:
    """Give the share of each document's neighbours that is in each topic of the result: (n, t)."""
    around = fit.labels[diagnostics.neighbors]
    shares = np.zeros((len(fit.labels), len(fit.topics)))
    for topic in range(len(fit.topics)):
        shares[:, topic] = np.mean(around == topic, axis=1)
    return shares


def is_placeable(vote: Vote) -> bool:
    """Tell whether the neighbours agree; an outlier whose do was placed, unless placing was switched off."""
    return vote.n_clustered > 0 and vote.share >= MIN_SHARE


def why_outside(vote: Vote) -> str:
    """Say in a sentence why a document stayed an outlier."""
    if vote.n_clustered == 0:
        return f"none of its {vote.n_neighbors} nearest neighbours is in a topic"
    if is_placeable(vote):
        return f"{vote.share:.0%} of its clustered neighbours are in topic {vote.best}, but placing was switched off"
    return (
        f"its clustered neighbours disagree: {vote.share:.0%} for topic {vote.best}, "
        f"and {MIN_SHARE:.0%} are needed to be placed"
    )
