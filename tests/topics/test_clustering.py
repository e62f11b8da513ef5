"""Clusters, the split of a giant, merging, and the placing of outliers."""

import time
from collections.abc import Callable

import numpy as np
import pytest

from tests.topics.themes import themed_corpus
from worker.topics.clusters.cluster_labels import by_size, unite_copies
from worker.topics.clusters.clustering import Clustering, EqualVectors
from worker.topics.clusters.merging import centred_means, merge_clusters
from worker.topics.clusters.outliers import assignment_probabilities, place_outliers
from worker.topics.clusters.voters import Voters
from worker.topics.diagnostics import Merge
from worker.topics.fit import FloatArray, IntArray
from worker.topics.words.encoders import unit


def blobs(sizes: list[int], spread: float = 0.1, seed: int = 0) -> np.ndarray:
    """Make round groups of points in ten dimensions."""
    rng = np.random.default_rng(seed)
    centers = rng.normal(scale=5, size=(len(sizes), 10))
    return np.concatenate(
        [center + spread * rng.normal(size=(size, 10)) for center, size in zip(centers, sizes, strict=True)]
    ).astype(np.float32)


def cluster(points: np.ndarray, n_topics: int = 20) -> Clustering:
    """Cluster points that are their own embeddings."""
    copies = np.arange(len(points))
    return Clustering(unit(points), copies, min_cluster_size=15, min_samples=5, n_topics=n_topics).fit(points)


def all_vote(neighbors: np.ndarray) -> Voters:
    """Let all neighbors vote, at one distance."""
    return Voters(neighbors, np.full(neighbors.shape, 0.5, np.float32), np.full(neighbors.shape, fill_value=True))


def test_two_real_groups_stay_two() -> None:
    """A large round group of 70 % is no giant to be split."""
    fitted = cluster(blobs([700, 300]))
    assert fitted.labels_.max() == 1
    assert not fitted.giant_split_.fired
    assert fitted.giant_split_.share == pytest.approx(0.7, abs=0.02)


def test_a_giant_of_many_groups_is_split() -> None:
    """Groups that touch each other, and one far away, are not one topic and the rest."""
    rng = np.random.default_rng(3)
    near = np.concatenate([rng.normal(scale=0.35, size=(80, 10)) + 0.62 * rng.normal(size=10) for _ in range(8)])
    far = rng.normal(scale=0.35, size=(60, 10)) + 30
    fitted = cluster(np.concatenate([near, far]).astype(np.float32))
    assert fitted.giant_split_.share > 0.4
    assert fitted.giant_split_.fired
    assert np.bincount(fitted.labels_[fitted.labels_ >= 0]).max() < 0.4 * len(fitted.labels_)


@pytest.mark.parametrize("n_topics", [1, 2, 3, 5])
def test_n_topics_counts_real_topics(n_topics: int) -> None:
    """Just as many topics as asked for, the outliers not counted."""
    points = np.concatenate([blobs([40, 30, 25, 20, 35]), np.random.default_rng(1).uniform(-20, 20, (9, 10))])
    fitted = cluster(points.astype(np.float32), n_topics)
    assert np.unique(fitted.labels_[fitted.labels_ >= 0]).tolist() == list(range(n_topics))


def test_merging_joins_what_is_nearest_in_meaning() -> None:
    """Two halves of one theme find each other."""
    _, embeddings, themes = themed_corpus(20, 4)
    halves = np.array(themes) * 2 + np.arange(80) % 2
    merged = merge_clusters(halves, embeddings, 4)
    assert all(len(set(merged[np.array(themes) == theme])) == 1 for theme in range(4))
    assert len(set(merged)) == 4


def merged_plainly(labels: IntArray, embeddings: FloatArray, n_topics: int) -> list[tuple[int, int]]:
    """Give the merges that a search of all pairs makes, the clusters' means averaged by their parts."""
    means = centred_means(labels, embeddings, np.unique(labels))
    near = {(a, b): float(np.round(means[a] @ means[b], 6)) for a in range(len(means)) for b in range(a)}
    parts, made = dict.fromkeys(range(len(means)), 1), []
    while len(parts) > n_topics:
        gone, keep = max(near, key=lambda pair: (near[pair], -pair[1], -pair[0]))
        made.append((keep, gone))
        for other in parts.keys() - {keep, gone}:
            to_keep, to_gone = ((max(other, each), min(other, each)) for each in (keep, gone))
            total = parts[keep] * near[to_keep] + parts[gone] * near.pop(to_gone)
            near[to_keep] = total / (parts[keep] + parts[gone])
        del near[gone, keep]
        parts[keep] += parts.pop(gone)
    return made


def test_the_nearest_pair_of_all_is_merged_each_time() -> None:
    """However many clusters were merged before; 40 clusters become 3."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(40), 5)
    centers = rng.normal(size=(40, 8))
    embeddings = unit(centers[labels] + 0.1 * rng.normal(size=(200, 8)))
    merges: list[Merge] = []
    merged = merge_clusters(labels, embeddings, 3, merges)
    assert len(np.unique(merged)) == 3
    # So few that none is as large as a topic may be.
    made = [(each.keep, each.gone) for each in merges[:30]]
    assert made == merged_plainly(labels, embeddings, 3)[:30]


def test_labels_are_by_falling_size() -> None:
    """The largest cluster is number 0; ties go to the one that comes first."""
    assert by_size(np.array([5, 2, 2, 9, 9, -1])).tolist() == [2, 0, 0, 1, 1, -1]
    assert by_size(np.array([-1, -1])).tolist() == [-1, -1]


def test_copies_share_one_label() -> None:
    """The label most of them have, ties to the lower."""
    assert unite_copies(np.array([0, -1, 0, 1, -1]), np.array([7, 7, 7, 8, 8])).tolist() == [0, 0, 0, -1, -1]


def test_equal_vectors_form_the_groups() -> None:
    """Groups below the wanted size are outliers."""
    embeddings = np.repeat(np.eye(3, dtype=np.float32), [30, 20, 2], axis=0)
    fitted = EqualVectors(np.repeat([0, 1, 2], [30, 20, 2]), 15, 20, embeddings).fit(embeddings)
    assert np.bincount(fitted.labels_ + 1).tolist() == [2, 30, 20]


def test_an_outlier_goes_where_its_neighbors_are() -> None:
    """Agreement places it, disagreement leaves it out, and others do not move."""
    labels = np.array([0, 0, 0, 1, 1, 2, -1, -1])
    neighbors = np.array([[1, 2, 3, 4]] * 6 + [[0, 1, 3, 7], [0, 3, 5, 6]])
    assert place_outliers(labels, all_vote(neighbors)).tolist() == [0, 0, 0, 1, 1, 2, 0, -1]


def test_probability_is_lower_for_a_placed_outlier() -> None:
    """With the same neighbors a core document is surer than a placed one; outliers have none."""
    core = np.array([0, 0, 0, 1, -1, -1])
    labels = np.array([0, 0, 0, 1, 0, -1])
    neighbors = np.array([[1, 2], [0, 2], [0, 1], [0, 1], [0, 1], [0, 3]])
    assert assignment_probabilities(labels, core, all_vote(neighbors)).tolist() == [1.0, 1.0, 1.0, 0.5, 0.5, 0.0]


def test_copies_of_many_comments_are_united_alike() -> None:
    """Every group gets what counting it alone gives, however many there are."""
    rng = np.random.default_rng(0)
    copies = rng.integers(0, 400, 1_000) * 7
    labels = rng.integers(-1, 4, 1_000)
    united = unite_copies(labels, copies)
    for group in np.unique(copies):
        values, votes = np.unique(labels[copies == group], return_counts=True)
        assert set(united[copies == group]) == {values[votes.argmax()]}


def test_copies_take_the_time_of_a_few_sorts() -> None:
    """Looking for the members of each group anew takes hundreds of times as long as one sort."""
    copies = np.random.default_rng(0).permutation(np.repeat(np.arange(20_000), 2))
    labels = copies % 5

    def seconds(run: Callable[[], object]) -> float:
        times = []
        for _ in range(3):
            began = time.process_time()
            run()
            times.append(time.process_time() - began)
        return min(times)

    one_sort = seconds(lambda: np.lexsort((labels, labels, copies)))
    assert seconds(lambda: unite_copies(labels, copies)) < 50 * max(one_sort, 1e-3)
