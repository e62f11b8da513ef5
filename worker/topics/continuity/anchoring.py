"""Which topic of an earlier fit each document belongs to, by itself or by its neighbors."""

import numpy as np

from worker.topics.clusters.cluster_labels import without_small
from worker.topics.clusters.outliers import MIN_SHARE, count_votes
from worker.topics.clusters.voters import Voters, needed_votes
from worker.topics.earlier import OUTLIER_BEFORE
from worker.topics.fit import IntArray

# In this many passes, neighbors of neighbors of known comments are reached.
N_PASSES = 3
# Of the neighbors that draw a known comment away, this share must be new in their topic: a comment at the edge of its
# topic stays as long as nothing around it has changed.
NEWCOMERS = 0.5


def united_labels(labels: IntArray, copies: IntArray) -> IntArray:
    """Give copies one label, the one that most of the known ones have, so that their order does not matter.

    Args:
        labels: (n,) int64, a topic's number, or one of the negative marks. Not modified.
        copies: (n,) int64, equal if text and vector are equal.

    Returns:
        (n,) int64; ties go to the lower number, and any topic comes before an outlier and an unknown one.
    """
    pairs, counts = np.unique(np.stack([copies, labels], axis=1), axis=0, return_counts=True)
    kind = np.where(pairs[:, 1] >= 0, 0, -pairs[:, 1])
    order = np.lexsort((pairs[:, 1], -counts, kind, pairs[:, 0]))
    groups, first = np.unique(pairs[order, 0], return_index=True)
    winners: IntArray = pairs[order[first], 1]
    return winners[np.searchsorted(groups, copies)]


def place_by_neighbors(labels: IntArray, voters: Voters) -> IntArray:
    """Place documents without a topic, if enough of all their neighbors are in one; in several passes.

    As `place_outliers`, but neighbors without a topic count against it: what belongs together and is new stays
    together, and is not pulled into old topics one by one.

    Args:
        labels: (n,) int64, -1 for documents without a topic. Not modified.
        voters: the same n documents.

    Returns:
        (n,) int64.
    """
    reach = voters.reach(labels)
    for _ in range(N_PASSES):
        votes = count_votes(labels, voters)
        # Counted, not weighed: a few near comments of an old topic must not draw what is new to it.
        share = votes.n_best / np.maximum(votes.n_voters, 1)
        placed = (labels < 0) & votes.agree(reach) & (share >= MIN_SHARE)
        if not placed.any():
            break
        labels = np.where(placed, votes.best, labels)
    return labels


def place_by_clusters(labels: IntArray, clusters: IntArray) -> IntArray:
    """Place documents without a topic, if the batch's own clustering has them in a cluster that is mostly one topic.

    A cluster holds documents together whose nearest neighbors are scattered; a fit without an earlier one places them
    by it too.

    Args:
        labels: (n,) int64, -1 for documents without a topic. Not modified.
        clusters: (n,) int64, of the batch by itself, -1 for outliers.

    Returns:
        (n,) int64.
    """
    is_in = clusters >= 0
    members = np.zeros((int(clusters.max(initial=-1)) + 1, int(labels.max(initial=-1)) + 2), dtype=np.int64)
    # The last column counts those without a topic.
    np.add.at(members, (clusters[is_in], labels[is_in]), 1)
    best = members[:, :-1].argmax(axis=1) if members.shape[1] > 1 else np.full(len(members), -1)
    is_one = 2 * members[np.arange(len(members)), best] > members.sum(axis=1)
    mostly = np.append(np.where(is_one, best, -1), -1)
    return np.where(labels < 0, mostly[clusters], labels)


def let_move(labels: IntArray, before: IntArray, voters: Voters) -> IntArray:
    """Let a known document move, if all its neighbors have gone elsewhere.

    None of its neighbors is in its topic any more, most of those that are in a topic agree on another one, and at
    least half of these have come to that topic since.

    Args:
        labels: (n,) int64, the topics now, -1 for none. Not modified.
        before: (n,) int64, the topics of the earlier fit in the same numbers, negative for none.
        voters: the same n documents.

    Returns:
        (n,) int64.
    """
    is_known = (before >= 0) & (labels == before)
    around = np.where(voters.has_vote, labels[voters.neighbors], OUTLIER_BEFORE)
    is_alone = is_known & ~(around == labels[:, None]).any(axis=1)
    if not is_alone.any():
        return labels
    votes = count_votes(labels, voters)
    agrees = votes.agree(voters.reach(labels)) & (2 * votes.n_best > votes.n_clustered)
    agrees &= votes.n_best >= needed_votes(voters.neighbors.shape[1])
    has_come = labels != before
    drawing = (around == votes.best[:, None]) & (around >= 0)
    n_newcomers = (drawing & has_come[voters.neighbors]).sum(axis=1)
    return np.where(is_alone & agrees & (n_newcomers >= NEWCOMERS * votes.n_best), votes.best, labels)


def without_faded(labels: IntArray, min_size: int) -> IntArray:
    """Take the documents out of topics of which hardly any are left.

    A topic fades if it holds fewer than half as many documents as a new topic needs: it must not come and go with a
    single comment.

    Args:
        labels: (n,) int64, -1 for none. Not modified.
        min_size: documents that a new topic needs.

    Returns:
        (n,) int64.
    """
    return without_small(labels, (min_size + 1) // 2)
