"""Which number each topic of a fit has, if there was an earlier one."""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from worker.topics.fit import IntArray

# A topic found anew is an earlier one if what both hold is more than half of their mean size (Dice 1945).
MIN_DICE = 0.5
NONE = -1


def anchored_numbers(labels: IntArray, anchors: IntArray, n_topics: int) -> IntArray:
    """Give each topic the number that most of its documents came with; ties to the lower, -1 for a new topic.

    Args:
        labels: (n,) int64, the topics, -1 for outliers.
        anchors: (n,) int64, the earlier number that the clustering gave each document, -1 for none.
        n_topics: >= 1.
    """
    numbers = np.full(n_topics, NONE, dtype=np.int64)
    for topic in range(n_topics):
        own, counts = np.unique(anchors[(labels == topic) & (anchors >= 0)], return_counts=True)
        if len(own):
            numbers[topic] = own[counts.argmax()]
    return numbers


def matched_numbers(labels: IntArray, before: IntArray, n_topics: int) -> IntArray:
    """Match topics found anew with the earlier ones, by the documents that both hold: (t,) int64, -1 for a new one.

    The best one-to-one match (Kuhn 1955) by Dice's coefficient among the documents that were in a topic before.

    Args:
        labels: (n,) int64, the topics, -1 for outliers.
        before: (n,) int64, the number of each document's earlier topic, negative for none.
        n_topics: >= 1.
    """
    numbers = np.full(n_topics, NONE, dtype=np.int64)
    known = before >= 0
    earlier, row = np.unique(before[known], return_inverse=True)
    now = labels[known]
    together = np.zeros((n_topics, len(earlier)))
    np.add.at(together, (now[now >= 0], row.ravel()[now >= 0]), 1)
    sizes = np.bincount(now[now >= 0], minlength=n_topics)[:, None] + np.bincount(row.ravel(), minlength=len(earlier))
    dice = np.round(2 * together / np.maximum(sizes, 1), 9)
    for topic, column in zip(*linear_sum_assignment(dice, maximize=True), strict=True):
        if dice[topic, column] > MIN_DICE:
            numbers[topic] = earlier[column]
    return numbers


def with_new_numbers(numbers: IntArray, highest: int) -> IntArray:
    """Number the new topics above the highest number ever used, in their order: (t,) int64."""
    is_new = numbers < 0
    return np.where(is_new, highest + np.cumsum(is_new), numbers)


def faded_numbers(numbers: IntArray, earlier: Sequence[int], highest: int) -> tuple[int, ...]:
    """Name the earlier topics that are gone, and the highest number ever used if all numbers now are lower."""
    present = set(numbers.tolist())
    gone = {number for number in earlier if number not in present}
    if highest > max(present, default=NONE):
        gone.add(highest)
    return tuple(sorted(gone))
