"""Whether a topic can keep its label though its keywords are others now."""

import numpy as np

from worker.topics.fit import BoolArray
from worker.topics.words.vocabulary import Vocabulary


def label_words(raw_label: str) -> list[str]:
    """Take the words of a label apart: what stands between the underscores behind the number."""
    return [word for word in raw_label.split("_")[1:] if word]


def still_holds(raw_label: str, keywords: list[str], members: BoolArray, vocabulary: Vocabulary) -> bool:
    """Tell whether most words of a label still say what the topic's documents say.

    A word still holds if it is a form of one of the topic's keywords, or if as many of the topic's documents hold it
    as hold the least frequent keyword.

    Args:
        raw_label: the index and up to four words, joined by underscores.
        keywords: of the topic, one at least.
        members: (n,) bool, the topic's documents.
        vocabulary: of the batch.
    """
    words = label_words(raw_label)
    if not words:
        return False
    said = vocabulary.forms_of(keywords)
    least = min(_n_holding([word], members, vocabulary) for word in keywords)
    n_holding = 0
    for word in words:
        try:
            is_said = vocabulary.forms_of([word]) <= said or _n_holding([word], members, vocabulary) >= least
        except KeyError:  # no document of the batch holds it
            is_said = False
        n_holding += is_said
    return 2 * n_holding > len(words)


def _n_holding(words: list[str], members: BoolArray, vocabulary: Vocabulary) -> int:
    """Count the topic's documents that hold a form of the word."""
    stem = vocabulary.stems[vocabulary.columns_of(words)[0]]
    columns = np.flatnonzero((vocabulary.stems == stem).all(axis=1))
    held = vocabulary.doc_term_matrix[np.flatnonzero(members)][:, columns]
    return int(np.count_nonzero(held.getnnz(axis=1)))
