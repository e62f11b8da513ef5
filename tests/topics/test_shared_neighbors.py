"""Edges weighed by the neighbors that their ends share."""

import numpy as np
import pytest

from tests.topics.themes import themed_corpus
from worker.topics.graph import shared_neighbors
from worker.topics.graph.fuzzy_graph import fuzzy_graph
from worker.topics.graph.neighbors import nearest_neighbors
from worker.topics.graph.shared_neighbors import weigh_by_shared


@pytest.mark.parametrize("most_products", [2**22, 300])
def test_as_counted_with_sets(most_products: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jaccard's coefficient of each edge, the strongest of each point scaled to 1; in one block or in many."""
    monkeypatch.setattr(shared_neighbors, "_MOST_PRODUCTS", most_products)
    _, embeddings, _ = themed_corpus(10, noise=0.1)
    embeddings[7] = embeddings[8]
    found = nearest_neighbors(embeddings, 6, "cpu")
    graph = fuzzy_graph(found.indices, found.distances)
    around = [{row, *near} for row, near in enumerate(found.indices.tolist())]
    expected = graph.toarray().astype(np.float64)
    for one, other in zip(*np.nonzero(expected), strict=True):
        expected[one, other] *= len(around[one] & around[other]) / len(around[one] | around[other])
    expected /= expected.max(axis=1, keepdims=True)
    expected = expected + expected.T - expected * expected.T
    weighed = weigh_by_shared(graph, found.indices)
    np.testing.assert_allclose(weighed.toarray(), expected, rtol=1e-6)
    assert weighed.nnz == graph.nnz
    assert weighed.dtype == np.float32
    np.testing.assert_array_equal(weighed.toarray(), weighed.toarray().T)


def test_edges_that_bridge_groups_count_less() -> None:
    """Of a batch in which themes run into each other, edges within a theme keep more of their weight."""
    _, embeddings, themes = themed_corpus(60, noise=0.16)
    found = nearest_neighbors(embeddings, 10, "cpu")
    graph = fuzzy_graph(found.indices, found.distances).tocoo()
    weighed = weigh_by_shared(graph.tocsr(), found.indices).tocoo()
    inside = np.array(themes)[graph.row] == np.array(themes)[graph.col]
    assert 0.02 < np.mean(~inside) < 0.6
    bridges = [float(part.data[~inside].sum() / part.data.sum()) for part in (graph, weighed)]
    assert bridges[1] < 0.9 * bridges[0]
