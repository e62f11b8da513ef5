"""How far topics follow the neighborhoods of the documents."""

import numpy as np
from scipy import sparse

from worker.topics.fit import IntArray


def modularity(indices: IntArray, labels: IntArray) -> float:
    """Give the modularity of topics in the graph of nearest neighbors (Newman and Girvan 2004, equation 5).

    Two documents are joined if one is among the neighbors of the other. Each outlier is a community of its own, so
    outliers count against the topics.

    Args:
        indices: (n, k) int64, the neighbors of each document.
        labels: (n,) int64, -1 for outliers.

    Returns:
        In [-0.5, 1].
    """
    n, k = indices.shape
    cells = (np.ones(n * k), (np.repeat(np.arange(n), k), indices.ravel()))
    directed = sparse.csr_matrix(cells, shape=(n, n))
    graph = directed.maximum(directed.T).tocoo()
    communities = np.where(labels >= 0, labels, labels.max() + 1 + np.arange(n))
    total = graph.data.sum()
    within = graph.data[communities[graph.row] == communities[graph.col]].sum()
    degrees = np.bincount(communities[graph.row], weights=graph.data)
    return float(within / total - np.sum((degrees / total) ** 2))
