"""The tree against the exact one, and HDBSCAN on it against HDBSCAN's own search."""

import tracemalloc

import numpy as np
import pytest
import torch
from scipy import sparse
from scipy.sparse import csgraph
from sklearn.metrics import adjusted_rand_score

from worker.topics.clusters import hierarchy
from worker.topics.clusters.clustering import Clustering
from worker.topics.clusters.spanning_tree import spanning_tree
from worker.topics.fit import DoubleArray, FloatArray


def blobs(n_blobs: int, size: int, distance: float) -> FloatArray:
    """Points around centers that lie `distance` apart on an axis, a dense blob beside a loose one."""
    rng = np.random.default_rng(0)
    points = [
        rng.normal(scale=0.1 * (1 + number % 3), size=(size, 5)) + number * distance * np.eye(5)[0]
        for number in range(n_blobs)
    ]
    return np.concatenate(points).astype(np.float32)


def exact_weight(points: FloatArray, min_samples: int) -> float:
    """Add up the exact minimum spanning tree, from all pairs."""
    distances = np.linalg.norm(points[:, None].astype(float) - points[None].astype(float), axis=2)
    core = np.sort(distances, axis=1)[:, min(min_samples, len(points) - 1)]
    reachability = np.maximum(distances, np.maximum(core[:, None], core[None]))
    np.fill_diagonal(reachability, 0)
    return float(csgraph.minimum_spanning_tree(sparse.csr_matrix(reachability)).sum())


def n_components(tree: DoubleArray) -> int:
    """Count what the branches leave unconnected."""
    n = len(tree) + 1
    graph = sparse.csr_matrix((tree[:, 2], tree[:, :2].astype(np.int64).T), shape=(n, n))
    return int(csgraph.connected_components(graph, directed=False, return_labels=False))


@pytest.mark.parametrize("min_samples", [1, 5, 30])
@pytest.mark.parametrize(
    ("n_blobs", "size", "distance", "excess"),
    [(1, 12, 0.0, 1e-9), (1, 400, 0.0, 0.01), (40, 10, 3.0, 0.01), (8, 50, 3.0, 0.05)],
    ids=["few", "one blob", "blobs smaller than the neighborhood", "far blobs"],
)
def test_it_weighs_as_little_as_the_exact_tree(
    n_blobs: int, size: int, distance: float, excess: float, min_samples: int
) -> None:
    """And it is a tree: one component, n - 1 branches, the lightest first."""
    points = blobs(n_blobs, size, distance)
    tree = spanning_tree(points, min_samples)
    exact = exact_weight(points, min_samples)
    assert exact * (1 - 1e-9) <= tree[:, 2].sum() <= exact * (1 + excess)
    assert len(tree) == len(points) - 1
    assert n_components(tree) == 1
    assert np.all(tree[:, 0] < tree[:, 1])
    assert np.all(np.diff(tree[:, 2]) >= 0)


def test_copies_are_joined() -> None:
    """Equal points have branches as well, though their distance is 0."""
    points = np.repeat(blobs(3, 1, 5.0), 30, axis=0)
    tree = spanning_tree(points, 5)
    assert len(tree) == 89
    assert n_components(tree) == 1
    assert tree[:, 2].min() > 0


def test_hdbscan_finds_the_same_clusters_on_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nearly: the border between two neighboring clusters is a matter of the last branches."""
    points = blobs(12, 60, 1.2)
    arguments = (np.eye(len(points), dtype=np.float32), np.arange(len(points)))
    options = {"min_cluster_size": 15, "min_samples": 5, "n_topics": 100}
    own = Clustering(*arguments, **options).fit(points)  # type: ignore[arg-type]
    monkeypatch.setattr(hierarchy, "TREE_ABOVE", 0)
    given = Clustering(*arguments, **options).fit(points)  # type: ignore[arg-type]
    assert own.labels_.max() >= 8
    assert adjusted_rand_score(own.labels_, given.labels_) > 0.97
    np.testing.assert_allclose(own.strengths().mean(), given.strengths().mean(), atol=0.01)


def test_the_same_tree_for_any_number_of_threads() -> None:
    """And twice."""
    points = blobs(8, 50, 3.0)
    before = torch.get_num_threads()
    trees = []
    try:
        for threads in (1, 2, 2):
            torch.set_num_threads(threads)
            trees.append(spanning_tree(points, 5))
    finally:
        torch.set_num_threads(before)
    for tree in trees[1:]:
        np.testing.assert_array_equal(tree, trees[0])


def peak_bytes(points: FloatArray, min_samples: int) -> int:
    """Measure what making the tree allocates at most."""
    tracemalloc.start()
    try:
        spanning_tree(points, min_samples)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_many_samples_cost_no_memory() -> None:
    """The core distance needs one distance of each point, whichever neighbor it belongs to."""
    points = blobs(1, 3_000, 0.0)
    assert peak_bytes(points, 1_000) < 1.5 * peak_bytes(points, 5)
