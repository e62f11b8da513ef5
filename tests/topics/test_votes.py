"""Who votes on an outlier, and when the votes are enough."""

import numpy as np
import pytest

from worker.topics.clusters.outliers import assignment_probabilities, place_outliers
from worker.topics.clusters.voters import Voters, make_voters
from worker.topics.fit import IntArray


def voters_of(neighbors: list[list[int]], comments: list[int], distance: float = 0.5) -> Voters:
    """Ask neighbors at one distance."""
    indices = np.array(neighbors)
    return make_voters(indices, np.full(indices.shape, distance, np.float32), np.array(comments))


def members(n: int) -> list[list[int]]:
    """Six neighbors for each of n members of one topic: the other members, in turn."""
    return [[(row + step) % n for step in range(1, 7)] for row in range(n)]


def last_placed(neighbors: list[int], labels: list[int], comments: list[int]) -> int:
    """Place the last of the documents, whose first eight are distinct members of topic 0."""
    rest = [[0, 1, 2, 3, 4, 5]] * (len(labels) - 9)
    voters = voters_of([*members(8), *rest, neighbors], comments)
    placed: IntArray = place_outliers(np.array(labels), voters)
    return int(placed[-1])


def test_three_votes_place_an_outlier() -> None:
    """Two are not enough, however few the others are."""
    labels, comments = [0] * 8 + [-1] * 5, list(range(13))
    assert last_placed([0, 1, 2, 8, 9, 10], labels, comments) == 0
    assert last_placed([0, 1, 8, 9, 10, 11], labels, comments) == -1


def test_copies_have_one_vote() -> None:
    """Three copies of one comment are one voter."""
    labels = [0] * 8 + [-1] * 5
    assert last_placed([0, 1, 2, 8, 9, 10], labels, [0, 0, 0, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]) == -1


def placed_last(split: list[int]) -> int:
    """Place the last of fourteen documents; the others are four members of each of three topics, and an outlier."""
    labels = np.array([*[0] * 4, *[1] * 4, *[2] * 4, -1, -1])
    own = [[row // 4 * 4 + (row + step) % 4 for step in range(1, 4)] + [12, 13] * 3 for row in range(12)]
    placed: IntArray = place_outliers(labels, voters_of([*own, [12] * 9, split], list(range(14))))
    return int(placed[-1])


def test_votes_that_differ_place_nobody() -> None:
    """No topic has three eighths of what the votes weigh, until one votes for another topic."""
    assert placed_last([0, 4, 8, 9, 5, 6, 10, 1, 12]) == -1
    assert placed_last([0, 4, 8, 9, 5, 6, 7, 1, 12]) == 1


def test_a_near_neighbor_counts_more() -> None:
    """Three neighbors of one topic and three of another: the three that are nearer decide."""
    assert placed_last([4, 5, 6, 0, 1, 2, 12, 12, 12]) == 1
    assert placed_last([0, 1, 2, 4, 5, 6, 12, 12, 12]) == 0


def test_the_weight_of_a_vote() -> None:
    """1, 1 / log2(3), 1 / 2 …; a copy of a nearer neighbor has none, and takes no rank."""
    voters = voters_of([[1, 2, 3, 4]] + [[0, 1, 2, 3]] * 4, [0, 7, 7, 8, 9])
    assert voters.weights[0].tolist() == [1000, 0, 631, 500]


def test_neighbors_that_are_far_away_place_nobody() -> None:
    """The nearest of all are of one topic, but much farther away than its members are from each other."""
    neighbors = np.array([*members(8), [0, 1, 2, 3, 4, 5]])
    distances = np.full(neighbors.shape, 0.1, np.float32)
    labels = np.array([0] * 8 + [-1])
    distances[-1] = 0.14
    assert place_outliers(labels, make_voters(neighbors, distances, np.arange(9)))[-1] == 0
    distances[-1] = 0.98
    assert place_outliers(labels, make_voters(neighbors, distances, np.arange(9)))[-1] == -1


def test_the_probability_counts_all_neighbors() -> None:
    """Those outside every topic too; copies of an outlier that were placed with it do not count for it."""
    neighbors = [*members(8), *[[0, 1, 2, 9, 10, 11]] * 4]
    core = np.array([0] * 8 + [-1] * 4)
    labels = np.array([0] * 12)
    distinct = assignment_probabilities(labels, core, voters_of(neighbors, list(range(12))))
    np.testing.assert_allclose(distinct, [1.0] * 8 + [0.25] * 4)
    copies = assignment_probabilities(labels, core, voters_of(neighbors, [*range(8), 8, 8, 8, 8]))
    np.testing.assert_allclose(copies, [1.0] * 8 + [0.375] * 4)


def test_a_document_that_stays_alone_in_its_topic_is_not_dropped() -> None:
    """No neighbor is in the topic that it had before; the API drops an assignment of at most .01."""
    voters = voters_of([*members(8), [0, 1, 2, 3, 4, 5]], list(range(9)))
    probability = assignment_probabilities(np.array([0] * 8 + [1]), np.array([0] * 8 + [-1]), voters)
    assert probability[-1] == pytest.approx(1 / 12)


def test_the_first_of_several_copies_votes() -> None:
    """In each row for itself."""
    voters = voters_of([[1, 2, 3], [0, 2, 3], [3, 1, 0], [0, 1, 2]], [7, 8, 7, 8])
    assert voters.has_vote.tolist() == [
        [True, True, False],
        [True, False, True],
        [True, False, True],
        [True, True, False],
    ]
