"""The weight of an edge by the neighbors that its ends share: what a single distance says by chance counts less."""

import numpy as np
from scipy import sparse

from worker.topics.fit import IntArray

# Products of neighbor lists that are held at a time.
_MOST_PRODUCTS = 2**22


def weigh_by_shared(graph: sparse.csr_matrix, indices: IntArray) -> sparse.csr_matrix:
    """Multiply each edge by the Jaccard coefficient of its ends' neighborhoods, and scale it back.

    Shared nearest neighbors (Jarvis and Patrick 1973, IEEE Transactions on Computers C-22): two points of one group
    have many in common, two that are near by chance have few. A point counts as its own neighbor, so that no edge gets
    lost. Then each point's strongest edge has weight 1 again, and both directions are united as in `fuzzy_graph`.

    Args:
        graph: (n, n) CSR, symmetric, weights > 0, whose edges are those of `indices` in either direction.
        indices: (n, k) int64, the neighbors, without the point itself.

    Returns:
        (n, n) CSR float32, symmetric, weights in (0, 1], columns sorted.
    """
    weighted = graph.astype(np.float64).multiply(_jaccard(graph, indices)).tocsr()
    strongest = weighted.max(axis=1).toarray().ravel()
    directed = sparse.diags(1 / np.where(strongest > 0, strongest, 1.0)) @ weighted
    reverse = directed.T.tocsr()
    union = (directed + reverse - directed.multiply(reverse)).tocsr().astype(np.float32)
    union.sort_indices()
    return union


def _jaccard(graph: sparse.csr_matrix, indices: IntArray) -> sparse.csr_matrix:
    """Give the Jaccard coefficient for each edge, in blocks of rows: the product of all lists would be large."""
    n, k = indices.shape
    own = np.concatenate([np.arange(n)[:, None], indices], axis=1).ravel()
    members = sparse.csr_matrix((np.ones(n * (k + 1)), own, np.arange(0, n * (k + 1) + 1, k + 1)), shape=(n, n))
    reverse = members.T.tocsr()
    edges = sparse.csr_matrix((np.ones(graph.nnz), graph.indices, graph.indptr), shape=(n, n))
    rows = max(1, _MOST_PRODUCTS // (k + 1) ** 2)
    blocks = [
        (members[start : start + rows] @ reverse).multiply(edges[start : start + rows]) for start in range(0, n, rows)
    ]
    shared = sparse.vstack(blocks, format="csr")
    shared.data /= 2 * (k + 1) - shared.data
    return shared
