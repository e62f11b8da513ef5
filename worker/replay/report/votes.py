"""How a document's neighbors vote on its topic, counted again from a fit's diagnostics."""

from dataclasses import dataclass

import numpy as np

from worker.topics.clusters.outliers import MIN_SHARE
from worker.topics.clusters.voters import needed_votes, vote_weights
from worker.topics.diagnostics import Diagnostics
from worker.topics.fit import DoubleArray, TopicFit


@dataclass(frozen=True)
class Vote:
    """The vote of a document's neighbors, as it is counted when outliers are placed.

    Attributes:
        n_neighbors: number of neighbors that could vote; copies of one comment have one vote.
        n_clustered: number of those neighbors that were in a topic before outliers were placed.
        n_best: number of those neighbors that were in `best`.
        best: the topic whose votes weigh most; -1 if none is in a topic.
        share: what the votes for `best` weigh, of the votes of the clustered neighbors; a near one counts more.
        n_needed: number of votes that an outlier needs to be placed.
        is_near: whether at least `n_needed` of the neighbors in `best` are no farther away than members of a topic
            are from each other.
    """

    n_neighbors: int
    n_clustered: int
    n_best: int
    best: int
    share: float
    n_needed: int
    is_near: bool


def vote_on(diagnostics: Diagnostics, row: int, placed_in: int = -1) -> Vote:
    """Count the vote on one document.

    Args:
        diagnostics: the diagnostics of the fit.
        row: the row of the document.
        placed_in: the topic that the vote placed the document in, which decides a tie; -1 if it was not placed.
    """
    has_vote = diagnostics.has_vote[row]
    around = diagnostics.core[diagnostics.neighbors[row][has_vote]]
    distances = diagnostics.distances[row][has_vote]
    needed = needed_votes(len(has_vote))
    is_clustered = around >= 0
    if not is_clustered.any():
        return Vote(len(around), 0, 0, -1, 0.0, needed, is_near=False)
    weighed = np.bincount(around[is_clustered], vote_weights(len(around))[is_clustered])
    best = int(weighed.argmax()) if placed_in < 0 else placed_in
    n_best, share = int(np.sum(around == best)), float(weighed[best] / weighed.sum())
    is_near = n_best >= needed and bool(distances[around == best][needed - 1] <= diagnostics.reach)
    return Vote(len(around), int(np.sum(is_clustered)), n_best, best, share, needed, is_near)


def neighbor_shares(fit: TopicFit, diagnostics: Diagnostics) -> DoubleArray:
    """Give the share of each document's neighbors that are in each topic of the result: (n_documents, n_topics)."""
    around = fit.labels[diagnostics.neighbors]
    shares = np.zeros((len(fit.labels), len(fit.topics)))
    for topic in range(len(fit.topics)):
        shares[:, topic] = np.mean(around == topic, axis=1)
    return shares


def is_placeable(vote: Vote) -> bool:
    """Tell whether enough neighbors agree to place an outlier, if placing is switched on."""
    return vote.n_best >= vote.n_needed and vote.is_near and vote.share >= MIN_SHARE


def why_outside(vote: Vote) -> str:
    """Give the reason why a document stayed an outlier."""
    if vote.n_clustered == 0:
        return f"none of its {vote.n_neighbors} nearest neighbors is in a topic"
    if is_placeable(vote):
        return f"its clustered neighbors agree on topic {vote.best} by {vote.share:.0%}, but placing was switched off"
    if vote.n_best < vote.n_needed:
        return (
            f"too few of its {vote.n_neighbors} neighbors are in one topic: {vote.n_best} in topic {vote.best}, "
            f"but at least {vote.n_needed} are needed to place it (copies of a comment count once)"
        )
    if not vote.is_near:
        return f"its neighbors in topic {vote.best} are farther away than members of a topic are from each other"
    return (
        f"its clustered neighbors disagree: topic {vote.best} has {vote.share:.0%} of their votes, of which a near one "
        f"counts more, but it needs at least {MIN_SHARE:.1%}"
    )


def kind_of_outlier(vote: Vote) -> str:
    """Name the reason that `why_outside` gives, without figures."""
    if vote.n_clustered == 0:
        return "no neighbor is in a topic: the comment is unlike all topics"
    if is_placeable(vote):
        return "placing was switched off (reduce_outliers)"
    if vote.n_best < vote.n_needed:
        return "too few neighbors are in one topic"
    if not vote.is_near:
        return "the neighbors are far away: the comment is unlike all topics"
    return "the neighbors disagree: the comment is between topics"
