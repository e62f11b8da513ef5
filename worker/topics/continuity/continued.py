"""What became of the topics of an earlier fit: numbers, labels, and what is said of them."""

from collections.abc import Sequence

import numpy as np

from worker.topics.continuity.label_continuity import still_holds
from worker.topics.continuity.numbering import faded_numbers, with_new_numbers
from worker.topics.earlier import Continuity, EarlierTopics, RefitAdvice
from worker.topics.fit import IntArray
from worker.topics.words.vocabulary import Vocabulary


def numbered(found: IntArray, earlier: EarlierTopics) -> IntArray:
    """Complete the numbers of the topics: (t,) int64, those of -1 get new ones."""
    return with_new_numbers(found, max(earlier.highest, *earlier.raw_labels, -1))


def continued(
    labels: IntArray,
    numbers: IntArray,
    earlier: EarlierTopics,
    *,
    keywords: Sequence[list[str]],
    vocabulary: Vocabulary,
    refit: RefitAdvice,
) -> Continuity:
    """Say what became of the earlier topics.

    Args:
        labels: (n,) int64, the topics, -1 for outliers.
        numbers: (t,) int64, of each topic.
        earlier: what was there before, for the same n documents.
        keywords: of each topic.
        vocabulary: of the batch.
        refit: whether a refit is advised.
    """
    raw_labels = []
    for topic, number in enumerate(numbers.tolist()):
        label = earlier.raw_labels.get(number)
        holds = label is not None and still_holds(label, keywords[topic], labels == topic, vocabulary)
        raw_labels.append(label if holds else None)
    is_shared = earlier.labels >= 0
    now = np.where(labels >= 0, numbers[labels], -1)
    rising = sorted(numbers.tolist())
    return Continuity(
        numbers=tuple(numbers.tolist()),
        raw_labels=tuple(raw_labels),
        kept=tuple(number for number in rising if number in earlier.raw_labels),
        born=tuple(number for number in rising if number not in earlier.raw_labels),
        faded=faded_numbers(numbers, list(earlier.raw_labels), max(earlier.highest, *earlier.raw_labels, -1)),
        moved=int(np.sum(is_shared & (now != earlier.labels))),
        shared=int(np.sum(is_shared)),
        refit=refit,
    )
