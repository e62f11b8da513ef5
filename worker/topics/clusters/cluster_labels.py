"""Arrays of cluster numbers: copies united, small clusters dropped, numbered by size."""

import numpy as np

from worker.topics.fit import IntArray


def unite_copies(labels: IntArray, copies: IntArray) -> IntArray:
    """Give equal items one label: the one that most of them have, ties to the lower.

    Otherwise the order of the items would decide which of two copies is an outlier.

    Args:
        labels: (n,) int64, -1 for outliers. Not modified.
        copies: (n,) int64, equal for documents whose text and vector are equal.

    Returns:
        (n,) int64.
    """
    pairs, counts = np.unique(np.stack([copies, labels], axis=1), axis=0, return_counts=True)
    # One sort for all groups: by group, then the most votes first, then the lower label.
    order = np.lexsort((pairs[:, 1], -counts, pairs[:, 0]))
    groups, first = np.unique(pairs[order, 0], return_index=True)
    winners: IntArray = pairs[order[first], 1]
    return winners[np.searchsorted(groups, copies)]


def without_small(labels: IntArray, min_size: int) -> IntArray:
    """Make outliers of the members of clusters that hold fewer than `min_size` documents: (n,) int64."""
    sizes = np.bincount(labels + 1, minlength=1)
    sizes[0] = 0
    return np.where(sizes[labels + 1] >= min_size, labels, -1)


def by_size(labels: IntArray) -> IntArray:
    """Number clusters 0, 1, 2 … by falling size; ties by the first member."""
    clusters, first, counts = np.unique(labels, return_index=True, return_counts=True)
    real = clusters >= 0
    order = clusters[real][np.lexsort((first[real], -counts[real]))]
    numbers = np.full(int(labels.max(initial=-1)) + 2, -1, dtype=np.int64)
    numbers[order] = np.arange(len(order))
    return numbers[labels]
