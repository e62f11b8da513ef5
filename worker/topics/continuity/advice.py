"""Whether topics found anew would be clearly better than the kept ones."""

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from worker.topics.clusters.voters import Voters
from worker.topics.earlier import UNKNOWN, EarlierTopics, RefitAdvice
from worker.topics.fit import DoubleArray, IntArray

# Above this share of new documents the kept topics speak of the smaller part of what the batch will soon be.
MOST_NEW = 1 / 3
# The kept topics are clearly worse if their modularity is below this share of that of topics found anew. Measured on
# corpora of 1,250 and 3,800 comments: a fit itself loses up to .11 of it if one comment in a hundred is left out.
LEAST_MODULARITY = 0.85
# Two topics have grown together if the neighbors of one's documents are in the other nearly as often as in their own;
# each counts by its size, as most neighbors of a small topic beside a large one are in the large one.
NEARLY_AS_OFTEN = 0.8
# A topic has fallen apart if two topics found anew hold this share of it, neither less than a third of that ...
BOTH_PARTS = 0.8
LEAST_PART = 1 / 3
# ... and the documents of one part hardly ever have neighbors in the other.
HARDLY = 0.02


def advise(
    labels: IntArray,
    fresh: IntArray,
    earlier: EarlierTopics,
    *,
    graph: sparse.csr_matrix,
    voters: Voters,
    numbers: Sequence[int],
) -> RefitAdvice:
    """Say whether a refit is advised, and each reason.

    Args:
        labels: (n,) int64, the topics, -1 for outliers.
        fresh: (n,) int64, the topics of the same batch found anew, outliers placed as in `labels`.
        earlier: what was there before.
        graph: (n, n) CSR, symmetric, the weighted neighbors.
        voters: of the n documents.
        numbers: of each topic, as the reader knows it.
    """
    reasons = [
        _too_many_new(earlier),
        _less_modular(modularity(labels, graph), modularity(fresh, graph)),
        *(
            f"topics {numbers[one]} and {numbers[other]} have grown together"
            for one, other in grown_together(labels, voters, len(numbers))
        ),
        *(f"topic {numbers[topic]} has fallen apart" for topic in fallen_apart(labels, fresh, voters, len(numbers))),
    ]
    reasons = [reason for reason in reasons if reason]
    return RefitAdvice(bool(reasons), "; ".join(reasons))


def modularity(labels: IntArray, graph: sparse.csr_matrix) -> float:
    """Give the modularity of a partition (Newman and Girvan 2004), in which each outlier is a group of its own.

    Args:
        labels: (n,) int64, -1 for outliers.
        graph: (n, n) CSR, symmetric, weights >= 0.

    Returns:
        In [-1, 1]; 0 for a graph without edges.
    """
    degree = np.asarray(graph.astype(np.float64).sum(axis=1)).ravel()
    total = float(degree.sum())
    if total == 0:
        return 0.0
    edges = graph.tocoo()
    inside = (labels[edges.row] == labels[edges.col]) & (labels[edges.row] >= 0)
    within = float(edges.data[inside].astype(np.float64).sum())
    is_in = labels >= 0
    by_topic = np.bincount(labels[is_in], weights=degree[is_in])
    expected = float(np.sum(by_topic**2) + np.sum(degree[~is_in] ** 2))
    return within / total - expected / total**2


def grown_together(labels: IntArray, voters: Voters, n_topics: int) -> list[tuple[int, int]]:
    """Find pairs of topics that the neighbors of their documents no longer tell apart; each pair once, rising."""
    sizes = np.bincount(labels[labels >= 0], minlength=n_topics)
    votes = votes_between(labels, voters, n_topics) / np.maximum(sizes, 1)
    often = (votes > 0) & (votes >= NEARLY_AS_OFTEN * np.diag(votes)[:, None])
    return [(one, other) for one, other in zip(*np.nonzero(np.triu(often | often.T, 1)), strict=True)]


def fallen_apart(labels: IntArray, fresh: IntArray, voters: Voters, n_topics: int) -> list[int]:
    """Find topics that two topics found anew divide between them, with hardly a neighbor across; rising."""
    apart = []
    for topic in range(n_topics):
        own = labels == topic
        parts, sizes = np.unique(fresh[own & (fresh >= 0)], return_counts=True)
        largest = np.lexsort((parts, -sizes))[:2]
        both = int(sizes[largest].sum())
        if len(largest) < 2 or both < BOTH_PARTS * own.sum() or sizes[largest[1]] < LEAST_PART * both:
            continue
        halves = np.where(own & (fresh == parts[largest[0]]), 0, np.where(own & (fresh == parts[largest[1]]), 1, -1))
        votes = votes_between(halves, voters, 2)
        across = (votes[0, 1] + votes[1, 0]) / max(votes.sum(), 1)
        if across < HARDLY:
            apart.append(topic)
    return apart


def votes_between(labels: IntArray, voters: Voters, n_topics: int) -> DoubleArray:
    """Count the votes of each topic's neighbors for each topic: (t, t)."""
    around = np.where(voters.has_vote, labels[voters.neighbors], -1)
    rows, columns = np.nonzero((around >= 0) & (labels >= 0)[:, None])
    votes = np.zeros((n_topics, n_topics))
    np.add.at(votes, (labels[rows], around[rows, columns]), 1)
    return votes


def _too_many_new(earlier: EarlierTopics) -> str:
    n = len(earlier.labels)
    n_new = max(0, int(np.sum(earlier.labels == UNKNOWN)) - earlier.n_outliers_among_unknown)
    return f"{n_new} of {n} comments are new" if n_new > MOST_NEW * n else ""


def _less_modular(kept: float, fresh: float) -> str:
    if kept >= LEAST_MODULARITY * fresh:
        return ""
    return f"topics found anew separate the comments better (modularity {fresh:.3f}, now {kept:.3f})"
