"""Whether a topic can keep its label though its keywords are others now."""

from collections.abc import Callable

import numpy as np

from worker.topics.fit import BoolArray
from worker.topics.raw_labels import label_words
from worker.topics.words.vocabulary import Vocabulary

# The families of a term's words: equal for forms of the same words.
Forms = frozenset[tuple[int, int]]


def still_holds(raw_label: str, keywords: list[str], members: BoolArray, vocabulary: Vocabulary) -> bool:
    """Tell whether most words of a label still say what the topic's documents say.

    Args:
        raw_label: the index and up to four words, joined by underscores.
        keywords: of the topic, one at least, all in the vocabulary.
        members: (n,) bool, the topic's documents.
        vocabulary: of the batch.
    """
    return most_words_hold(
        raw_label,
        keywords,
        forms=lambda word: vocabulary.forms_of([word]),
        n_holding=lambda word: _n_holding(word, members, vocabulary),
    )


def most_words_hold(
    raw_label: str, keywords: list[str], *, forms: Callable[[str], Forms], n_holding: Callable[[str], int]
) -> bool:
    """Tell whether most words of a label are keywords, or are held as often as a keyword.

    A word still holds if it is a form of one of the topic's keywords, or if as many of the topic's documents hold it
    as hold the least frequent keyword.

    Args:
        raw_label: the index and up to four words, joined by underscores.
        keywords: of the topic, one at least.
        forms: gives what a word says whatever its form. Raises KeyError for one that no document holds.
        n_holding: counts the topic's documents that hold a form of a word. Raises KeyError as `forms` does.
    """
    words = label_words(raw_label)
    if not words:
        return False
    said = frozenset[tuple[int, int]]().union(*(forms(word) for word in keywords))
    least = min(n_holding(word) for word in keywords)
    n_that_hold = 0
    for word in words:
        try:
            is_said = forms(word) <= said or n_holding(word) >= least
        except KeyError:
            is_said = False
        n_that_hold += is_said
    return 2 * n_that_hold > len(words)


def _n_holding(word: str, members: BoolArray, vocabulary: Vocabulary) -> int:
    """Count the topic's documents that hold a form of the word."""
    stem = vocabulary.stems[vocabulary.columns_of([word])[0]]
    columns = np.flatnonzero((vocabulary.stems == stem).all(axis=1))
    held = vocabulary.doc_term_matrix[np.flatnonzero(members)][:, columns]
    return int(np.count_nonzero(held.getnnz(axis=1)))
