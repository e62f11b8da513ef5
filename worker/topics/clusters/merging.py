"""Merge clusters that are near in meaning until no more are left than were asked for."""

import numpy as np

from worker.topics.diagnostics import Merge
from worker.topics.fit import DoubleArray, FloatArray, IntArray

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
        labels: (n,) int64, -1 for outliers; numbers may be missing. Not modified.
        embeddings: (n, d) float32, L2-normalized.
        n_topics: >= 1.
        merges: each merge is appended to it, in order.

    Returns:
        (n,) int64, -1 for the outliers of `labels`.
    """
    clusters = np.unique(labels[labels >= 0])
    if len(clusters) <= n_topics:
        return labels.copy()
    means = centred_means(labels, embeddings, clusters)
    # Rounded so that the last bits of a matrix product never decide a merge.
    similarity: DoubleArray = np.round(means @ means.T, 6)
    # Minus infinity: no pair. So are a cluster with itself, and all that is merged into another one.
    np.fill_diagonal(similarity, -np.inf)
    rows = np.searchsorted(clusters, np.maximum(labels, clusters[0]))
    sizes = np.bincount(rows[labels >= 0], minlength=len(clusters))
    members = np.ones(len(clusters))
    into = np.arange(len(clusters))
    place = into.copy()
    limit = MAX_SHARE * len(labels)
    for n_left in range(len(clusters), n_topics, -1):
        if 4 * n_left <= 3 * len(place):
            # What is merged into others would only be looked at in vain.
            left = np.flatnonzero(sizes)
            place, sizes, members, similarity = place[left], sizes[left], members[left], similarity[np.ix_(left, left)]
        keep, gone = _nearest_pair(similarity, sizes, limit)
        if merges is not None:
            nearness = float(similarity[keep, gone])
            merges.append(Merge(int(clusters[place[keep]]), int(clusters[place[gone]]), nearness))
        merged = (members[keep] * similarity[keep] + members[gone] * similarity[gone]) / (members[keep] + members[gone])
        similarity[keep, :] = similarity[:, keep] = merged
        similarity[gone, :] = similarity[:, gone] = -np.inf
        members[keep] += members[gone]
        sizes[keep] += sizes[gone]
        sizes[gone] = 0
        into[into == place[gone]] = place[keep]
    return np.where(labels >= 0, clusters[into][rows], -1)


def centred_means(labels: IntArray, embeddings: FloatArray, clusters: IntArray) -> DoubleArray:
    """Give the mean vector of each cluster minus the mean of all of them, scaled to length 1: (clusters, d)."""
    order = np.argsort(labels, kind="stable")
    cuts = np.searchsorted(labels[order], clusters[:, None] + np.arange(2))
    means = np.stack([embeddings[order[start:stop]].mean(axis=0, dtype=np.float64) for start, stop in cuts.tolist()])
    means -= means.mean(axis=0)
    unit: DoubleArray = means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
    return unit


def _nearest_pair(similarity: DoubleArray, sizes: IntArray, limit: float) -> tuple[int, int]:
    pairs = similarity
    if np.partition(sizes, -2)[-2:].sum() > limit:
        small = np.where(sizes[:, None] + sizes[None, :] <= limit, similarity, -np.inf)
        pairs = small if small.max() > -np.inf else similarity
    keep, gone = divmod(int(np.argmax(pairs)), len(pairs))
    return min(keep, gone), max(keep, gone)
