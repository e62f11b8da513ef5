"""From clusters to topics: sizes, comments without words, clusters that say the same."""

import numpy as np
from scipy import sparse

from tests.topics.test_clustering import blobs
from worker.topics.clusters.clustering import Clustering
from worker.topics.clusters.grouping import group_topics
from worker.topics.clusters.namesakes import join_namesakes, set_wordless_aside
from worker.topics.diagnostics import Merge
from worker.topics.fit import FloatArray, IntArray


def directions(labels: IntArray) -> FloatArray:
    """Give each cluster a direction of its own."""
    return np.eye(8, dtype=np.float32)[labels]


def words_of(*rows: tuple[list[int], int]) -> sparse.csr_matrix:
    """Count words: each row as often as it says."""
    return sparse.csr_matrix(np.repeat([row for row, _ in rows], [times for _, times in rows], axis=0))


def test_a_cluster_below_the_minimum_is_none() -> None:
    """However it came to be so small."""
    labels = np.repeat([0, 1, 2], [5, 4, 1])
    groups = group_topics(labels, directions(labels), min_size=5, n_topics=20)
    assert groups.labels.tolist() == [0] * 5 + [-1] * 5
    assert groups.clusters.tolist() == groups.labels.tolist()


def test_copies_that_leave_make_no_cluster_too_small() -> None:
    """Copies of which most are outliers leave their cluster, and what is left of it is no topic of four."""
    points = np.concatenate([blobs([60, 60]), blobs([5], seed=7)])
    embeddings = (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)
    copies = np.arange(len(points))
    options = {"min_cluster_size": 5, "min_samples": 2, "n_topics": 20}
    whole = Clustering(embeddings, copies, **options).fit(points)  # type: ignore[arg-type]
    small = np.flatnonzero(whole.labels_ == whole.labels_[-1])
    assert len(small) == 5
    outside = np.flatnonzero(whole.labels_ < 0)
    points = np.concatenate([points, np.random.default_rng(0).uniform(40, 90, (3, 10)).astype(np.float32)])
    copies = np.append(copies, [small[0]] * 3)
    embeddings = (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)
    fitted = Clustering(embeddings, copies, **options).fit(points)  # type: ignore[arg-type]
    assert len(outside) == 0
    assert np.bincount(fitted.labels_[fitted.labels_ >= 0]).min() >= 5


def test_a_large_group_is_found_beside_small_ones() -> None:
    """HDBSCAN itself finds a cluster of 500 only beside another one of 500."""
    points = blobs([600, 120, 80])
    embeddings = (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)
    options = {"min_cluster_size": 500, "min_samples": 5, "n_topics": 20}
    fitted = Clustering(embeddings, np.arange(800), **options).fit(points)  # type: ignore[arg-type]
    assert np.bincount(fitted.labels_ + 1).tolist() == [200, 600]


def test_the_largest_group_is_known_if_it_is_too_small() -> None:
    """For the reader who asked for more."""
    points = blobs([212, 200, 198, 190])
    embeddings = (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)
    options = {"min_cluster_size": 500, "min_samples": 5, "n_topics": 20}
    fitted = Clustering(embeddings, np.arange(800), **options).fit(points)  # type: ignore[arg-type]
    assert fitted.labels_.max() == -1
    assert fitted.largest_ == 212


def test_comments_without_words_leave_where_they_are_most() -> None:
    """A word of one comment names no cluster of nine others; one without words among nine stays."""
    labels = np.repeat([0, 1, -1], 10)
    words = words_of(([0, 0], 9), ([1, 0], 1), ([0, 0], 1), ([0, 1], 9), ([0, 0], 10))
    assert set_wordless_aside(labels, words).tolist() == [-1] * 9 + [0] + [1] * 10 + [-1] * 10
    groups = group_topics(labels, directions(labels), min_size=5, n_topics=20, words=words)
    assert groups.labels.tolist() == [-1] * 10 + [0] * 10 + [-1] * 10
    assert (groups.n_dissolved, groups.n_set_aside) == (1, 10)


def test_what_says_the_same_is_joined() -> None:
    """A few additions make no other topic; another word that most say does."""
    labels = np.repeat([0, 1, 2, -1], 20)
    words = words_of(([1, 0, 0], 20), ([1, 0, 0], 18), ([1, 0, 1], 2), ([1, 1, 0], 20), ([1, 0, 0], 20))
    merges: list[Merge] = []
    joined = join_namesakes(labels, words, directions(labels), merges)
    assert joined.tolist() == [0] * 40 + [2] * 20 + [-1] * 20
    assert [(merge.keep, merge.gone) for merge in merges] == [(0, 1)]


def test_no_twin_and_no_wordless_cluster_takes_a_place() -> None:
    """With three names and a place for each, three topics are found, though two of them are the most alike."""
    labels = np.repeat([0, 1, 2, 3, 4], 10)
    words = words_of(([1, 0, 0], 20), ([0, 1, 0], 10), ([0, 0, 1], 10), ([0, 0, 0], 10))
    embeddings = directions(labels)
    embeddings[labels == 3, 2] = 1
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    groups = group_topics(labels, embeddings, min_size=5, n_topics=3, words=words)
    assert groups.labels.tolist() == [0] * 20 + [1] * 10 + [2] * 10 + [-1] * 10
    assert [(merge.keep, merge.gone) for merge in groups.merges] == [(0, 1)]
