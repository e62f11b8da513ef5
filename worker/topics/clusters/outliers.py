"""Place outliers if their neighbors agree, and say how sure each assignment is."""

from dataclasses import dataclass

import numpy as np

from worker.topics.clusters.voters import Voters, distance_of_vote, needed_votes
from worker.topics.extensions import SecondTopicRule, SecondTopics
from worker.topics.fit import BoolArray, DoubleArray, FloatArray, IntArray

# Of what the votes for any topic weigh, this share must be for the same one. Measured with the three votes on four
# corpora, when all votes weighed the same: .4 leaves up to .02 more of a batch outside, .35 mixes topics (NMI .02 lower
# on batches of 600).
MIN_SHARE = 0.375
_DECIMALS = 4


@dataclass(frozen=True, eq=False)
class Votes:
    """How the neighbors of each document vote.

    Attributes:
        best: (n,) int64, the topic whose votes weigh most, ties to the lower number; 0 if there are none.
        n_best: (n,) int64, the voters that are in it.
        n_clustered: (n,) int64, the voters that are in any topic.
        n_voters: (n,) int64, the voters.
        share: (n,) float64, what the votes for it weigh, of the votes for any topic.
        farthest: (n,) float32, distance of the last vote that is needed; infinite if there are too few.
    """

    best: IntArray
    n_best: IntArray
    n_clustered: IntArray
    n_voters: IntArray
    share: DoubleArray
    farthest: FloatArray

    def agree(self, reach: float) -> BoolArray:
        """Tell whether the votes are enough, near enough, and for one topic: (n,) bool."""
        return (self.farthest <= reach) & (self.share >= MIN_SHARE)


def count_votes(labels: IntArray, voters: Voters) -> Votes:
    """Count and weigh the votes for each document; the nearer a voter, the more its vote counts.

    Args:
        labels: (n,) int64, before placing, -1 for outliers.
        voters: the same n documents.
    """
    n, k = voters.neighbors.shape
    # Without a vote: -2, which is neither a topic nor an outlier.
    around = np.where(voters.has_vote, labels[voters.neighbors], -2)
    votes = np.zeros((n, int(labels.max(initial=-1)) + 2), dtype=np.int64)
    rows, columns = np.nonzero(around >= 0)
    weights = voters.weights
    np.add.at(votes, (rows, around[rows, columns]), weights[rows, columns])
    best, most = votes.argmax(axis=1), votes.max(axis=1)
    is_for_best = around == best[:, None]
    return Votes(
        best=best,
        n_best=is_for_best.sum(axis=1),
        n_clustered=(around >= 0).sum(axis=1),
        n_voters=voters.has_vote.sum(axis=1),
        share=most / np.maximum(votes.sum(axis=1), 1),
        farthest=distance_of_vote(is_for_best, voters.distances, needed_votes(k)),
    )


def place_outliers(labels: IntArray, voters: Voters) -> IntArray:
    """Give each outlier the topic that enough of its neighbors share.

    Three votes, three eighths of what the votes for any topic weigh, and none of the three farther away than
    `Voters.reach`. All neighbors count for the probability, those outside every topic too.

    Args:
        labels: (n,) int64, -1 for outliers. Not modified.
        voters: the same n documents.

    Returns:
        (n,) int64; ties between topics go to the larger one (the lower label).
    """
    votes = count_votes(labels, voters)
    placed = (labels < 0) & votes.agree(voters.reach(labels))
    return np.where(placed, votes.best, labels)


def assignment_probabilities(labels: IntArray, core: IntArray, voters: Voters) -> FloatArray:
    """Say how sure each assignment is: the share of all of a document's voters that are in its topic.

    HDBSCAN's strength speaks of the small cluster before merging; this speaks of the topic that
    is reported. A core document has (1 + share) / 2, a placed outlier share / 2, so that no
    placed document is surer than a core one and both scales mean the same in every topic. For a placed one
    only core documents count: copies of an outlier that were placed with it say nothing of their own. A document that
    stays in an earlier topic though no neighbor is in it has the probability of one vote: the API drops what is 0.

    Args:
        labels: (n,) int64, after placing.
        core: (n,) int64, before placing; only the sign is looked at.
        voters: the same n documents.

    Returns:
        (n,) float32 in [0, 1], 0 for outliers.
    """
    is_core = core >= 0
    before = np.where(is_core, labels, -1)
    around = np.where(is_core[:, None], labels[voters.neighbors], before[voters.neighbors])
    agree = voters.has_vote & (around == labels[:, None])
    n_agree, n_voters = agree.sum(axis=1), np.maximum(voters.has_vote.sum(axis=1), 1)
    probability = np.where(is_core, (1 + n_agree / n_voters) / 2, np.maximum(n_agree, 1) / n_voters / 2)
    return np.where(labels >= 0, probability, 0.0).astype(np.float32)


def second_topics(
    labels: IntArray, probabilities: FloatArray, embeddings: FloatArray, rule: SecondTopicRule
) -> SecondTopics:
    """Find a second topic for each document that is nearly as near to one as that topic's own members are.

    The probability of a second topic is the share of its members that are farther from its centroid than the document
    is, which asks the same of every topic and every encoder; it is never above that of the first topic. The rule is
    held against probabilities of four decimals, as they are reported.

    Args:
        labels: (n,) int64, after placing; outliers have no second topic.
        probabilities: (n,) float32, of the first topics.
        embeddings: (n, d) float32, L2-normalized.
        rule: when a document has one.
    """
    n_topics = int(labels.max(initial=-1)) + 1
    standing = np.zeros((len(labels), max(n_topics, 1)))
    for topic in range(n_topics):
        members = labels == topic
        centroid = embeddings[members].mean(axis=0, dtype=np.float64)
        closeness = np.round(embeddings @ centroid, 6)
        standing[:, topic] = np.searchsorted(np.sort(closeness[members]), closeness) / members.sum()
    inside = np.flatnonzero(labels >= 0)
    standing[inside, labels[inside]] = 0
    best = standing.argmax(axis=1)
    first = probabilities.astype(np.float64).round(_DECIMALS)
    second = np.minimum(standing[np.arange(len(labels)), best].round(_DECIMALS), first)
    gap = (first - second).round(_DECIMALS)
    is_near = (second > 0) & (second >= rule.secondary) & (gap <= rule.most_gap)
    has_one = (labels >= 0) & (first >= rule.primary) & is_near
    return SecondTopics(
        labels=np.where(has_one, best, -1),
        probabilities=np.where(has_one, second, 0.0).astype(np.float32),
    )
