"""What a document's neighbors say about it: numpy over a fit's diagnostics."""

from dataclasses import dataclass

import numpy as np

from worker.topics.clusters.outliers import MIN_SHARE
from worker.topics.clusters.voters import needed_votes
from worker.topics.fit import Diagnostics, DoubleArray, TopicFit


@dataclass(frozen=True)
class Vote:
    """The votes for one document as its placing counts them.

    Attributes:
        n_neighbors: that could vote; copies of one comment have one vote.
        n_clustered: of them that were in a topic before placing.
        n_best: of them that were in `best`.
        best: the topic most of those are in; -1 if none is.
        share: of the clustered neighbors that are in `best`.
        n_needed: votes that place an outlier.
        is_near: whether as many as are needed are no farther away than members of a topic are from each other.
    """

    n_neighbors: int
    n_clustered: int
    n_best: int
    best: int
    share: float
    n_needed: int
    is_near: bool


def vote_on(diagnostics: Diagnostics, row: int, placed_in: int = -1) -> Vote:
    """Count the votes for one document; if they placed it, that topic has won, ties included."""
    has_vote = diagnostics.has_vote[row]
    around = diagnostics.core[diagnostics.neighbors[row][has_vote]]
    distances = diagnostics.distances[row][has_vote]
    needed = needed_votes(len(has_vote))
    clustered = around[around >= 0]
    if not len(clustered):
        return Vote(len(around), 0, 0, -1, 0.0, needed, is_near=False)
    counts = np.bincount(clustered)
    best = int(counts.argmax()) if placed_in < 0 else placed_in
    n_best = int(counts[best])
    is_near = n_best >= needed and bool(distances[around == best][needed - 1] <= diagnostics.reach)
    return Vote(len(around), len(clustered), n_best, best, n_best / len(clustered), needed, is_near)


def neighbor_shares(fit: TopicFit, diagnostics: Diagnostics) -> DoubleArray:
    """Give the share of each document's neighbors that is in each topic of the result: (n, t)."""
    around = fit.labels[diagnostics.neighbors]
    shares = np.zeros((len(fit.labels), len(fit.topics)))
    for topic in range(len(fit.topics)):
        shares[:, topic] = np.mean(around == topic, axis=1)
    return shares


def is_placeable(vote: Vote) -> bool:
    """Tell whether the neighbors agree: then the outlier was placed, unless placing was switched off."""
    return vote.n_best >= vote.n_needed and vote.is_near and vote.share >= MIN_SHARE


def why_outside(vote: Vote) -> str:
    """Say in a sentence why a document stayed an outlier."""
    if vote.n_clustered == 0:
        return f"none of its {vote.n_neighbors} nearest neighbours is in a topic"
    if is_placeable(vote):
        return f"{vote.share:.0%} of its clustered neighbours are in topic {vote.best}, but placing was switched off"
    if vote.n_best < vote.n_needed:
        return (
            f"too few of its {vote.n_neighbors} neighbours are in one topic: {vote.n_best} in topic {vote.best}, "
            f"and {vote.n_needed} are needed to be placed (copies of a comment count once)"
        )
    if not vote.is_near:
        return f"its neighbours in topic {vote.best} are farther away than members of a topic are from each other"
    return (
        f"its clustered neighbours disagree: {vote.share:.0%} for topic {vote.best}, "
        f"and {MIN_SHARE:.1%} are needed to be placed"
    )


def kind_of_outlier(vote: Vote) -> str:
    """Name the reason that `why_outside` gives, without figures."""
    if vote.n_clustered == 0:
        return "no neighbour in any topic: it says something of its own"
    if is_placeable(vote):
        return "placing was switched off (reduce_outliers)"
    if vote.n_best < vote.n_needed:
        return "too few neighbours in one topic"
    if not vote.is_near:
        return "the neighbours are far away: it says something of its own"
    return "the neighbours disagree: it lies between topics"
