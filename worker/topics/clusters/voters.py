"""Which neighbors of a document have a vote on where it belongs, and how much it counts."""

from dataclasses import dataclass

import numpy as np

from worker.topics.fit import BoolArray, FloatArray, IntArray

# Nearest neighbors that are asked for a vote, however many UMAP was asked to look at.
N_VOTERS = 20
# The nearest neighbors of a comment that is like no other are far away, and all of one topic by chance. So nobody
# is placed by voters that are farther away than one and a half times what is usual between members of a topic;
# usual is what 95 of 100 members have. On four corpora of real comments this keeps hardly one from its topic.
USUAL = 0.95
BEYOND_USUAL = 1.5
# An outlier needs this many votes for a topic. If half of those asked are fewer, as in a batch of five, half is enough.
MIN_VOTES = 3


@dataclass(frozen=True, eq=False)
class Voters:
    """The neighbors of each document that are asked for a vote.

    Attributes:
        neighbors: (n, k) int64, nearest first, without the document itself.
        distances: (n, k) float32, cosine.
        has_vote: (n, k) bool, the first of each comment's copies: however often it was written, it is one voter.
    """

    neighbors: IntArray
    distances: FloatArray
    has_vote: BoolArray

    @property
    def weights(self) -> IntArray:
        """How much the vote of each neighbor counts, 0 without one: (n, k) int64, as `vote_weights` gives them."""
        weights = vote_weights(self.neighbors.shape[1])
        ranks = np.maximum(np.cumsum(self.has_vote, axis=1) - 1, 0)
        return np.where(self.has_vote, weights[ranks], 0)

    def reach(self, labels: IntArray) -> float:
        """Give the cosine distance beyond which neighbors place no outlier; infinite if nothing is usual.

        Args:
            labels: (n,) int64, before placing, -1 for outliers.
        """
        own = self.has_vote & (labels[self.neighbors] == labels[:, None]) & (labels >= 0)[:, None]
        distances = distance_of_vote(own, self.distances, needed_votes(self.neighbors.shape[1]))
        usual = distances[np.isfinite(distances)]
        return BEYOND_USUAL * float(np.quantile(usual, USUAL)) if len(usual) else float("inf")


def make_voters(neighbors: IntArray, distances: FloatArray, comments: IntArray) -> Voters:
    """Ask the nearest neighbors of each document.

    Args:
        neighbors: (n, k) int64, nearest first, without the document itself.
        distances: (n, k) float32, cosine.
        comments: (n,) int64, equal for copies of one comment.
    """
    asked = neighbors[:, :N_VOTERS]
    written = comments[asked]
    order = np.argsort(written, axis=1, kind="stable")
    ordered = np.take_along_axis(written, order, axis=1)
    is_first = np.ones(asked.shape, dtype=np.bool_)
    is_first[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    has_vote = np.empty(asked.shape, dtype=np.bool_)
    np.put_along_axis(has_vote, order, is_first, axis=1)
    return Voters(asked, distances[:, :N_VOTERS], has_vote)


def vote_weights(n_voters: int) -> IntArray:
    """Say how much a vote counts: 1 / log2(1 + rank) for the voter of each rank, the nearest first.

    The discount of Järvelin and Kekäläinen 2002 (ACM Transactions on Information Systems 20) for what stands lower in
    a list.

    Returns:
        (n_voters,) int64, in thousandths, so that sums of votes are exact.
    """
    weights: IntArray = np.round(1000 / np.log2(np.arange(2, n_voters + 2))).astype(np.int64)
    return weights


def needed_votes(n_asked: int) -> int:
    """Say how many votes place an outlier of which `n_asked` neighbors were asked."""
    return max(1, min(MIN_VOTES, (n_asked + 1) // 2))


def distance_of_vote(votes: BoolArray, distances: FloatArray, rank: int) -> FloatArray:
    """Give each row the distance of its vote of this rank, counted from 1; infinite if it has fewer: (n,)."""
    so_far = votes.cumsum(axis=1)
    column = (so_far >= rank).argmax(axis=1)
    found = distances[np.arange(len(votes)), column]
    return np.where(so_far[:, -1] >= rank, found, np.float32(np.inf)).astype(np.float32)
