"""Nearest neighbors against scikit-learn, block by block."""

import numpy as np
import pytest
from sklearn.metrics import pairwise_distances

from tests.topics.themes import themed_corpus
from worker.topics.graph import neighbors
from worker.topics.graph.neighbors import nearest_neighbors


def test_neighbors_are_the_exact_ones() -> None:
    """Distances equal those of a full pairwise matrix, the point itself left out."""
    _, embeddings, _ = themed_corpus(20)
    full = pairwise_distances(embeddings.astype(np.float64), metric="cosine")
    np.fill_diagonal(full, np.inf)
    found = nearest_neighbors(embeddings, 7, "cpu")
    np.testing.assert_allclose(found.distances, np.sort(full, axis=1)[:, :7], atol=2e-6)
    np.testing.assert_allclose(np.take_along_axis(full, found.indices, axis=1), found.distances, atol=2e-6)


def test_block_size_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A block of one row gives what one block of all rows gives."""
    _, embeddings, _ = themed_corpus(15)
    whole = nearest_neighbors(embeddings, 5, "cpu")
    monkeypatch.setattr(neighbors, "_BLOCK_BYTES", 4 * len(embeddings))
    single = nearest_neighbors(embeddings, 5, "cpu")
    np.testing.assert_array_equal(whole.indices, single.indices)
    np.testing.assert_array_equal(whole.distances, single.distances)


def test_ties_go_to_the_lower_index() -> None:
    """Among equal vectors the neighbors are the first ones, and no distance is negative."""
    embeddings = np.tile(np.eye(1, 768, dtype=np.float32), (6, 1))
    found = nearest_neighbors(embeddings, 3, "cpu")
    assert found.indices[5].tolist() == [0, 1, 2]
    assert found.indices[0].tolist() == [1, 2, 3]
    assert (found.distances == 0).all()


def test_fewer_points_than_neighbors() -> None:
    """All others are returned if more were asked for than there are."""
    _, embeddings, _ = themed_corpus(2, 2)
    assert nearest_neighbors(embeddings, 20, "cpu").indices.shape == (4, 3)
