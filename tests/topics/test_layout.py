"""UMAP's graph and layout in torch, against umap-learn and against known themes."""

from types import ModuleType
from typing import Any

import hdbscan
import numpy as np
import pytest
import torch
from scipy import sparse
from sklearn.metrics import adjusted_rand_score

from tests.effort import effort
from tests.topics.themes import themed_corpus
from worker.topics.fit import FloatArray
from worker.topics.graph import layout, neighbors
from worker.topics.graph.fuzzy_graph import fuzzy_graph
from worker.topics.graph.layout import lay_out, principal_start
from worker.topics.graph.neighbors import nearest_neighbors
from worker.topics.graph.reduction import Reduction

N_NEIGHBORS = 10
# Of the layouts of umap-learn 0.5.12, by the noise of the corpus.
UMAP_SCORES = {0.03: 1.0, 0.06: 1.0}


def reduced(embeddings: FloatArray, device: str = "cpu", n_components: int = 5) -> FloatArray:
    """Lay a batch out."""
    found = nearest_neighbors(embeddings, N_NEIGHBORS - 1, device)
    return Reduction(found, N_NEIGHBORS, n_components, device).fit_transform(embeddings)


@pytest.fixture
def umap_in_python(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Give umap-learn with its loops in Python: numba would compile for 12 seconds of CPU where its cache is empty."""
    if not effort(0, soak=1):  # the long form lays out in this process, which takes for ever without numba
        monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    from umap import umap_

    for name in ("smooth_knn_dist", "compute_membership_strengths"):
        function = getattr(umap_, name)
        monkeypatch.setattr(umap_, name, getattr(function, "py_func", function))
    return umap_


def umap_graph(umap_: ModuleType, embeddings: FloatArray) -> sparse.csr_matrix:
    """Build the same graph by umap-learn."""
    found = nearest_neighbors(embeddings, N_NEIGHBORS - 1, "cpu")
    n = len(embeddings)
    indices = np.hstack([np.arange(n)[:, None], found.indices])
    distances = np.hstack([np.zeros((n, 1), np.float32), found.distances])
    graph, *_ = umap_.fuzzy_simplicial_set(
        embeddings, N_NEIGHBORS, np.random.RandomState(0), "cosine", knn_indices=indices, knn_dists=distances
    )
    return graph.tocsr()


@pytest.mark.slow
@pytest.mark.parametrize("n_copies", [0, 1, 30])
def test_the_graph_is_that_of_umap_learn(n_copies: int, umap_in_python: ModuleType) -> None:
    """Weight by weight, copies at distance zero included."""
    _, embeddings, _ = themed_corpus(20)
    embeddings = np.concatenate([embeddings, np.repeat(embeddings[:1], n_copies, axis=0)])
    found = nearest_neighbors(embeddings, N_NEIGHBORS - 1, "cpu")
    ours = fuzzy_graph(found.indices, found.distances).toarray()
    np.testing.assert_allclose(ours, umap_graph(umap_in_python, embeddings).toarray(), atol=2e-4)
    np.testing.assert_array_equal(ours, ours.T)


def score(coordinates: FloatArray, themes: list[int]) -> float:
    """Measure how far HDBSCAN finds the known themes in a layout: the adjusted Rand index."""
    labels = hdbscan.HDBSCAN(min_cluster_size=15, min_samples=5).fit(coordinates.astype(np.float64)).labels_
    return float(adjusted_rand_score(themes, labels))


def umap_score(embeddings: FloatArray, themes: list[int]) -> float:
    """Measure it in umap-learn's layout."""
    from umap import UMAP

    theirs = UMAP(n_neighbors=N_NEIGHBORS, n_components=5, min_dist=0.0, metric="cosine", random_state=0, n_jobs=1)
    return score(theirs.fit_transform(embeddings), themes)


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize("noise", [0.03, 0.06])
def test_clusters_are_those_that_umap_learn_shows(noise: float) -> None:
    """HDBSCAN finds the known themes in both layouts alike; only the long form lays out by umap-learn anew."""
    _, embeddings, themes = themed_corpus(60, noise=noise)
    theirs = UMAP_SCORES[noise]
    if effort(0, soak=1):
        assert umap_score(embeddings, themes) == pytest.approx(theirs, abs=0.02)
    ours = score(reduced(embeddings), themes)
    assert ours > 0.95
    assert ours >= theirs - 0.05


def test_points_that_are_joined_come_together() -> None:
    """Two groups that are dense inside and not joined lie farther apart than each is wide."""
    block = np.ones((30, 30)) - np.eye(30)
    graph = sparse.block_diag([block, block]).tocsr().astype(np.float32)
    start = np.random.default_rng(0).normal(scale=10, size=(60, 3)).astype(np.float32)
    laid = lay_out(graph, start, n_epochs=100, seed=0, device="cpu")
    widths = [np.linalg.norm(part - part.mean(axis=0), axis=1).max() for part in (laid[:30], laid[30:])]
    assert np.linalg.norm(laid[:30].mean(axis=0) - laid[30:].mean(axis=0)) > max(widths)


def test_the_start_is_not_modified() -> None:
    """The caller's array is the caller's."""
    _, embeddings, _ = themed_corpus(10)
    found = nearest_neighbors(embeddings, 9, "cpu")
    start = principal_start(embeddings, 2, 0)
    before = start.copy()
    lay_out(fuzzy_graph(found.indices, found.distances), start, n_epochs=3, seed=0, device="cpu")
    np.testing.assert_array_equal(start, before)


@pytest.mark.parametrize("n_bits", [5, 16, 17, 32])
def test_integers_are_sorted_as_a_stable_sort_does(n_bits: int) -> None:
    """Equal ones keep their order, whatever the number of digits."""
    keys = np.random.default_rng(0).integers(0, 2**n_bits, 5000, dtype=np.int64)
    keys[::3] = keys[0]
    np.testing.assert_array_equal(layout._stable_order(keys, n_bits), np.argsort(keys, kind="stable"))


def test_ranks_are_those_of_a_sort_by_weight() -> None:
    """Every point's strongest edge, then its second strongest: of equal ones first the one with the lower number."""
    weights = np.random.default_rng(0).integers(0, 4, (50, 50)).astype(np.float32) / 4
    graph = sparse.csr_matrix(np.maximum(weights, weights.T))
    order = np.argsort(-np.diff(graph.indptr), kind="stable")
    ranks = layout._ranks(graph, order, "cpu")
    for head, point in enumerate(order):
        row = graph[point]
        expected = row.indices[np.argsort(-row.data, kind="stable")][: layout.MAX_DEGREE]
        found = [order[rank.tails[head]] for rank in ranks if head < len(rank.tails)]
        assert found == expected.tolist()


def test_more_components_than_dimensions() -> None:
    """What the vectors have no axis for is noise to begin with."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(40, 3)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    laid = reduced(vectors, n_components=5)
    assert laid.shape == (40, 5)
    assert np.isfinite(laid).all()


def test_the_process_keeps_its_threads() -> None:
    """What the layout sets for itself is set back."""
    before = torch.get_num_threads()
    _, embeddings, _ = themed_corpus(5)
    reduced(embeddings)
    assert torch.get_num_threads() == before


@pytest.mark.slow
@pytest.mark.parametrize("search", ["exact", "sketched"])
def test_the_same_bytes_for_any_number_of_threads(search: str, cold_processes: list[dict[str, Any]]) -> None:
    """From vectors to coordinates, by exact neighbors and by a sketch, 1,200 documents, one thread and two."""
    one, two = (told[search] for told in cold_processes)
    assert one == two


def test_a_sketch_finds_nearly_all_neighbors(monkeypatch: pytest.MonkeyPatch) -> None:
    """On vectors whose spectrum falls slowly; what it finds has exact distances, in order."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(3000, 768)) / np.sqrt(np.arange(1, 769))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    exact = nearest_neighbors(vectors, 20, "cpu")
    monkeypatch.setattr(neighbors, "SKETCH_ABOVE", 0)
    sketched = nearest_neighbors(vectors, 20, "cpu")
    recall = np.mean([len(np.intersect1d(a, b)) / 20 for a, b in zip(exact.indices, sketched.indices, strict=True)])
    assert recall > 0.9
    true = 1 - np.einsum("ijk,ik->ij", vectors[sketched.indices[:50]].astype(np.float64), vectors[:50].astype(float))
    np.testing.assert_allclose(sketched.distances[:50], true, atol=1e-6)
    assert (np.diff(sketched.distances, axis=1) >= 0).all()
