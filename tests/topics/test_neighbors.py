"""Nearest neighbors against scikit-learn, block by block."""

import numpy as np
import pytest
import torch
from sklearn.metrics import pairwise_distances

from tests.topics.themes import themed_corpus
from worker.topics.graph import candidates as selection
from worker.topics.graph import neighbors
from worker.topics.graph.candidates import candidates
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
    monkeypatch.setattr(selection, "_CPU_BLOCK_BYTES", 4 * len(embeddings))
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


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_candidates_have_the_largest_products(dtype: torch.dtype) -> None:
    """Those that a full sort finds, on integers that both kinds of numbers hold."""
    numbers = torch.randint(0, 16, (700, 24), generator=torch.Generator().manual_seed(0)).to(dtype)
    found = candidates(numbers, 9)
    products = (numbers @ numbers.T).float()
    products.fill_diagonal_(-torch.inf)
    best = products.sort(dim=1, descending=True).values[:, :9]
    chosen = products.gather(1, torch.from_numpy(found)).sort(dim=1, descending=True).values
    torch.testing.assert_close(chosen, best, rtol=0, atol=0)
    assert (np.diff(found, axis=1) > 0).all()


def test_candidates_are_right_if_hardly_any_product_is_positive() -> None:
    """The bits of negative numbers have another order, and rows that only fill up are nobody's candidates."""
    numbers = torch.cat([-torch.eye(200) - 1, torch.rand(3, 200, generator=torch.Generator().manual_seed(0)) + 1])
    found = candidates(numbers, 5)
    products = numbers @ numbers.T
    products.fill_diagonal_(-torch.inf)
    best = products.sort(dim=1, descending=True).values[:, :5]
    chosen = products.gather(1, torch.from_numpy(found)).sort(dim=1, descending=True).values
    torch.testing.assert_close(chosen, best)
    assert found.max() < len(numbers)


def test_rows_in_another_order_have_the_same_products(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the sketch finds has the bits that the search without a sketch gives."""
    _, embeddings, _ = themed_corpus(100, noise=0.1)
    exact = nearest_neighbors(embeddings, 5, "cpu")
    monkeypatch.setattr(neighbors, "SKETCH_ABOVE", 0)
    sketched = nearest_neighbors(embeddings, 5, "cpu")
    same = (exact.indices == sketched.indices).all(axis=1)
    assert same.mean() > 0.95
    np.testing.assert_array_equal(exact.distances[same], sketched.distances[same])
