"""Clusters without words, and clusters that say the same: both would cost a topic its place."""

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from worker.topics.clusters.merging import centred_means
from worker.topics.diagnostics import Merge
from worker.topics.fit import FloatArray, IntArray

# Two clusters say the same if the shares of their comments that hold each word have at least this cosine: "No comment"
# and "No comments" with a few additions do, clusters of real sentences have less than .9.
SAME_WORDS = 0.95


def set_wordless_aside(labels: IntArray, words: sparse.csr_matrix) -> IntArray:
    """Make outliers of comments that hold no word and are most of their cluster.

    Otherwise the word of a few would name what the others never said. If they are fewer, they stay.

    Args:
        labels: (n,) int64, -1 for outliers. Not modified.
        words: (n, w) CSR, how often a comment holds a word.

    Returns:
        (n,) int64.
    """
    is_wordless = words.getnnz(axis=1) == 0
    sizes = np.bincount(labels + 1, minlength=1)
    wordless = np.bincount(labels[is_wordless] + 1, minlength=len(sizes))
    leaves = is_wordless & (2 * wordless > sizes)[labels + 1]
    return np.where(leaves, -1, labels)


def join_namesakes(labels: IntArray, words: sparse.csr_matrix, embeddings: FloatArray, merges: list[Merge]) -> IntArray:
    """Join clusters that say the same, so that no two topics differ in nothing that a reader can see.

    Args:
        labels: (n,) int64, -1 for outliers. Not modified.
        words: (n, w) CSR, how often a comment holds a word; forms of one word share a column.
        embeddings: (n, d) float32, L2-normalized.
        merges: each join is appended to it, with the cosine of the clusters' centred means.

    Returns:
        (n,) int64; of the clusters that are joined, the lowest number stays.
    """
    clusters = np.unique(labels[labels >= 0])
    if len(clusters) < 2:
        return labels.copy()
    profiles = _profiles(labels, clusters, words)
    alike = (profiles @ profiles.T) >= SAME_WORDS
    _, component = csgraph.connected_components(alike, directed=False)
    _, first = np.unique(component, return_index=True)
    into = clusters[first[component]]
    gone = np.flatnonzero(into != clusters)
    if len(gone):
        means = centred_means(labels, embeddings, clusters)
        for row in gone:
            cosine = float(np.round(means[row] @ means[first[component[row]]], 6))
            merges.append(Merge(int(into[row]), int(clusters[row]), cosine))
    return np.where(labels >= 0, into[np.searchsorted(clusters, np.maximum(labels, clusters[0]))], -1)


def _profiles(labels: IntArray, clusters: IntArray, words: sparse.csr_matrix) -> sparse.csr_matrix:
    """Count each cluster's comments that hold each word, and scale each row to length 1."""
    rows = np.flatnonzero(labels >= 0)
    cells = (np.ones(len(rows)), (np.searchsorted(clusters, labels[rows]), rows))
    members = sparse.csr_matrix(cells, shape=(len(clusters), len(labels)))
    counts = members @ words.astype(bool).astype(np.float64)
    lengths = np.sqrt(np.asarray(counts.multiply(counts).sum(axis=1)).ravel())
    return (sparse.diags(1 / np.maximum(lengths, 1e-12)) @ counts).tocsr()
