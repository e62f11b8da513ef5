"""Sums of the vectors of the documents that hold a term."""

import numpy as np
import torch
from scipy import sparse

from worker.topics.words.sums import summed


def test_sums_are_the_bytes_of_a_product() -> None:
    """Term by term, in the order of the documents; on one thread, and torch has as many as before."""
    rng = np.random.default_rng(0)
    held = sparse.csr_matrix(rng.random((500, 60)) < 0.2)
    vectors = rng.normal(size=(500, 96)).astype(np.float32)
    n_threads = torch.get_num_threads()
    expected = held.astype(np.float32).T.tocsr() @ vectors
    np.testing.assert_array_equal(summed(held, vectors), expected)
    np.testing.assert_array_equal(summed(held.tocsc(), vectors), expected)
    assert torch.get_num_threads() == n_threads


def test_a_term_counts_once_a_document_and_not_where_it_is_zero() -> None:
    """A stored zero holds nothing, a count of three is one document, and a term of no document has a sum of zeros."""
    held = sparse.csr_matrix((np.array([3, 0, 1]), (np.array([0, 1, 2]), np.array([0, 0, 1]))), shape=(3, 3))
    vectors = np.arange(6, dtype=np.float32).reshape(3, 2)
    assert held.nnz == 3
    assert summed(held, vectors).tolist() == [[0, 1], [4, 5], [0, 0]]
    assert held.nnz == 3
