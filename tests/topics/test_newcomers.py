"""Which groups of left-over documents are real topics, and the numbers of topics."""

import numpy as np
import pytest
from scipy import sparse

from worker.topics.clusters.clustering import EqualVectors
from worker.topics.clusters.voters import make_voters
from worker.topics.continuity import newcomers
from worker.topics.continuity.advice import modularity
from worker.topics.continuity.anchored import AnchoredClustering
from worker.topics.continuity.anchoring import place_by_clusters, place_by_neighbors
from worker.topics.continuity.newcomers import real_topics
from worker.topics.continuity.numbering import anchored_numbers, faded_numbers, matched_numbers, with_new_numbers
from worker.topics.earlier import UNKNOWN
from worker.topics.fit import FloatArray, IntArray
from worker.topics.graph.fuzzy_graph import fuzzy_graph
from worker.topics.graph.neighbors import nearest_neighbors
from worker.topics.words.encoders import unit

N_DIMENSIONS = 64


def around(directions: list[FloatArray], n_each: int, noise: float = 0.06) -> tuple[FloatArray, IntArray]:
    """Make points about each direction, and say which one each is about."""
    rng = np.random.default_rng(0)
    which = np.repeat(np.arange(len(directions)), n_each)
    points = np.stack(directions)[which] + noise * rng.normal(size=(len(which), N_DIMENSIONS))
    return unit(points), which


def axis(number: int, towards: int | None = None, weight: float = 0.0) -> FloatArray:
    """Give one of the axes, or a direction between two of them."""
    direction = np.zeros(N_DIMENSIONS, dtype=np.float32)
    direction[number] = 1.0
    if towards is not None:
        direction[towards] = weight
    return direction


def test_a_group_of_its_own_is_real_and_a_part_of_a_topic_is_not() -> None:
    """The second group was taken out of a topic by chance."""
    points, which = around([axis(0), axis(1), axis(2), axis(3)], 40)
    is_part = (which == 1) & (np.arange(len(which)) % 2 == 0)
    groups = np.where(which == 3, 5, np.where(is_part, 8, -1))
    labels = np.where(groups >= 0, -1, which)
    assert real_topics(groups, labels, points, 10) == [5]


def test_a_group_in_the_direction_of_a_topic_is_vetoed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Though all its documents are nearer to each other than to the topic."""
    points, which = around([axis(0), axis(1), axis(2), axis(2, towards=3, weight=0.6)], 40, noise=0.02)
    groups, labels = np.where(which == 3, 0, -1), np.where(which == 3, -1, which)
    assert real_topics(groups, labels, points, 10) == []
    monkeypatch.setattr(newcomers, "TOO_ALIKE", 1.01)
    assert real_topics(groups, labels, points, 10) == [0]


def test_a_group_between_topics_is_not_real(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most of its documents are nearer to one topic or the other than to the rest of the group."""
    directions = [axis(number) for number in range(6)]
    points, which = around(directions, 40)
    # A few of each topic: no direction of their own.
    mixed = np.isin(np.arange(len(which)) % 40, range(5))
    groups, labels = np.where(mixed, 0, -1), np.where(mixed, -1, which)
    assert real_topics(groups, labels, points, 10) == []
    monkeypatch.setattr(newcomers, "MIN_OWN_SHARE", 0.0)
    assert real_topics(groups, labels, points, 10) == [0]


def test_the_largest_come_first_and_twins_are_one() -> None:
    """The second of two groups about one thing is compared with the first."""
    points, which = around([axis(0), axis(1), axis(2), axis(3)], 40)
    groups = np.where(which == 3, np.where(np.arange(len(which)) % 3 == 0, 0, 1), np.where(which == 2, 2, -1))
    labels = np.where(groups >= 0, -1, which)
    assert real_topics(groups, labels, points, 10) == [2, 1]
    assert real_topics(groups, labels, points, 1) == [2]
    assert real_topics(groups, labels, points, 0) == []


def test_news_are_not_pulled_into_an_old_topic_one_by_one() -> None:
    """Three votes are too few if the other neighbors are in no topic: these may be a topic of their own."""
    n, k = 60, 20
    distances = np.full((n, k), 0.1, dtype=np.float32)
    for n_votes, topic in ((3, -1), (7, -1), (8, 0)):
        neighbors = np.tile(np.arange(k), (n, 1))
        # The neighbors of the last one: some of the topic, the others left over.
        neighbors[-1] = [*range(n_votes), *range(30, 30 + k - n_votes)]
        neighbors[30:-1] = np.arange(30, 30 + k)
        labels = np.where(np.arange(n) < 30, 0, -1)
        placed = place_by_neighbors(labels, make_voters(neighbors, distances, np.arange(n)))
        assert placed[-1] == topic
        assert placed[:-1].tolist() == labels[:-1].tolist()


def test_new_numbers_are_above_the_highest_ever_used() -> None:
    """In the order of the topics; kept ones stay."""
    assert with_new_numbers(np.array([4, -1, 2, -1]), 9).tolist() == [4, 10, 2, 11]
    assert with_new_numbers(np.array([-1, -1]), -1).tolist() == [0, 1]


def test_gone_numbers_and_the_highest_ever_used() -> None:
    """The latter only as long as no topic has it or a higher one."""
    assert faded_numbers(np.array([4, 2]), [1, 2, 4], 9) == (1, 9)
    assert faded_numbers(np.array([4, 10]), [1, 4], 9) == (1,)
    assert faded_numbers(np.array([4, 2]), [2, 4], 4) == ()


def test_a_joined_topic_has_the_number_of_most_of_its_comments() -> None:
    """Ties go to the lower number; comments that were in no topic say nothing."""
    labels = np.array([0, 0, 0, 0, 1, 1, 2, 2, -1])
    anchors = np.array([7, 3, 7, -1, 5, 4, -1, -1, 9])
    assert anchored_numbers(labels, anchors, 3).tolist() == [7, 4, -1]


def test_matching_is_by_more_than_half_of_what_both_hold() -> None:
    """A topic that was cut in equal parts lives on in none; one that grew by a third does."""
    before = np.array([8] * 20 + [3] * 30 + [-2] * 10)
    labels = np.array([0] * 10 + [1] * 10 + [2] * 30 + [2] * 10)
    # Dice of a half and the whole is 2/3.
    assert matched_numbers(labels, before, 3).tolist() == [8, -1, 3]
    thirds = np.array([0] * 6 + [1] * 7 + [3] * 7 + [2] * 30 + [2] * 10)
    assert matched_numbers(thirds, before, 4)[[0, 2]].tolist() == [-1, 3]
    assert 8 not in matched_numbers(np.arange(60) % 20, before, 20).tolist()


def test_modularity_and_that_outliers_count_against_it() -> None:
    """Two cliques by hand: 1/2 for the right cut, less with an outlier, nothing for one group of all."""
    clique = np.ones((4, 4)) - np.eye(4)
    graph = sparse.csr_matrix(np.kron(np.eye(2), clique).astype(np.float32))
    right = np.repeat([0, 1], 4)
    assert modularity(right, graph) == pytest.approx(0.5)
    assert modularity(np.zeros(8, dtype=np.int64), graph) == pytest.approx(0.0)
    one_out = right.copy()
    one_out[0] = -1
    # Inside are 6 + 12 of 24 ends; squares of the degrees 3, 9 and 12.
    assert modularity(one_out, graph) == pytest.approx(18 / 24 - (3**2 + 9**2 + 12**2) / 24**2)
    points, which = around([axis(0), axis(1), axis(2)], 30)
    neighbors = nearest_neighbors(points, 10, "cpu")
    assert modularity(which, fuzzy_graph(neighbors.indices, neighbors.distances)) > 0.6


def test_what_is_left_over_goes_with_its_cluster_if_that_is_mostly_one_topic() -> None:
    """Two newcomers whose neighbors have no vote join five known ones of their group; three do not join two."""
    groups = np.repeat([0, 1], [7, 5])
    before = np.array([7] * 5 + [UNKNOWN] * 2 + [3] * 2 + [UNKNOWN] * 3)
    points = np.eye(2, 8, dtype=np.float32)[groups]
    # Every comment's only neighbor is one in no topic.
    voters = make_voters(np.full((12, 1), 11), np.zeros((12, 1), dtype=np.float32), np.arange(12))
    clustering = AnchoredClustering(
        EqualVectors(groups, 4, 20, points),
        before,
        copies=np.arange(12),
        voters=voters,
        embeddings=points,
    ).fit(points)
    assert clustering.numbers_.tolist() == [7] * 7 + [3] * 2 + [-1] * 3
    assert place_by_clusters(np.full(12, -1), groups).tolist() == [-1] * 12
    assert place_by_clusters(groups, np.full(12, -1)).tolist() == groups.tolist()
