"""Merge clusters that are near in meaning until no more are left than were asked for."""

import numpy as np
import numpy.typing as npt

from worker.topics.fit import DoubleArray, FloatArray, IntArray, Merge

# A merge that makes a topic larger than this share waits until nothing else is left to merge.
MAX_SHARE = 0.3


def merge_clusters(
    labels: IntArray, embeddings: FloatArray, n_topics: int, merges: list[Merge] | None = None
) -> IntArray:
    """Join the two nearest clusters until `n_topics` are left.

    Average linkage over the clusters' centred mean vectors, each original cluster counting once,
    as BERTopic's own reduction does: against complete linkage and Ward it keeps most of the
    agreement with known labels. Average linkage chains, so a merge that would make a topic of
    more than 30 % of the documents waits until nothing else is left.

    Args:
        labels: (n,) int64, -1 for outliers. Not modified.
        embeddings: (n, d) float32, L2-normalized.
        n_topics: >= 1.
        merges: each merge is appended to it, in order.

    Returns:
        (n,) int64, -1 where `labels` was -1.
    """
    n_clusters = int(labels.max(initial=-1)) + 1
    if n_clusters <= n_topics:
        return labels.copy()
    similarity = _similarities(labels, embeddings, n_clusters)
    sizes = np.bincount(labels[labels >= 0], minlength=n_clusters).astype(np.float64)
    members = np.ones(n_clusters)
    into = np.arange(n_clusters)
    alive = np.ones(n_clusters, dtype=bool)
    limit = MAX_SHARE * len(labels)
    for _ in range(n_clusters - n_topics):
        keep, gone = _nearest_pair(similarity, sizes, alive, limit)
        if merges is not None:
            merges.append(Merge(keep, gone, float(similarity[keep, gone])))
        merged = (members[keep] * similarity[keep] + members[gone] * similarity[gone]) / (members[keep] + members[gone])
        similarity[keep, :] = merged
        similarity[:, keep] = merged
        members[keep] += members[gone]
        sizes[keep] += sizes[gone]
        alive[gone] = False
        into[into == gone] = keep
    return np.where(labels >= 0, into[labels], -1)


def _similarities(labels: IntArray, embeddings: FloatArray, n_clusters: int) -> DoubleArray:
    means = np.stack([embeddings[labels == c].mean(axis=0, dtype=np.float64) for c in range(n_clusters)])
    means -= means.mean(axis=0)
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
    # Rounded so that the last bits of a matrix product never decide a merge.
    similarity: DoubleArray = np.round(means @ means.T, 6)
    return similarity


def _nearest_pair(
    similarity: DoubleArray, sizes: DoubleArray, alive: npt.NDArray[np.bool_], limit: float
) -> tuple[int, int]:
    allowed = alive[:, None] & alive[None, :]
    np.fill_diagonal(allowed, False)
    small = allowed & (sizes[:, None] + sizes[None, :] <= limit)
    pairs = np.where(small if small.any() else allowed, similarity, -np.inf)
    keep, gone = divmod(int(np.argmax(pairs)), len(pairs))
    return min(keep, gone), max(keep, gone)
