"""What a topic can be named by: the forms of its words, topics without words, topics of one name."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from worker.topics.fit import IntArray
from worker.topics.words.keywords import Keyword
from worker.topics.words.vocabulary import NEGATOR, Vocabulary


@dataclass(frozen=True, eq=False)
class NamedTopics:
    """Topics that have keywords.

    Attributes:
        labels: (n,) int64, -1 for outliers.
        keywords: of each topic.
        origins: of each topic, the place among the topics before that its keywords come from.
        n_dissolved: topics that had none.
        n_joined: topics that had the name of another one, and joined it.
    """

    labels: IntArray
    keywords: list[list[Keyword]]
    origins: list[int]
    n_dissolved: int
    n_joined: int


def form_counts(vocabulary: Vocabulary) -> sparse.csr_matrix:
    """Count the forms of each document: (n, f) CSR; terms that are forms of one another share a column."""
    first, second = vocabulary.stems[:, 0], vocabulary.stems[:, 1] - NEGATOR
    # One number for each pair: pairs are sorted a hundred times slower. NEGATOR is the lowest that there is.
    forms, column = np.unique(first * (int(second.max(initial=0)) + 1) + second, return_inverse=True)
    cells = (np.ones(len(column), dtype=np.int32), (np.arange(len(column)), column))
    counts: sparse.csr_matrix = vocabulary.doc_term_matrix @ sparse.csr_matrix(cells, shape=(len(column), len(forms)))
    return counts


def settle_names(labels: IntArray, keywords: Sequence[list[Keyword]], vocabulary: Vocabulary) -> NamedTopics:
    """Dissolve topics without a keyword, and let a topic join the one whose keywords are the same words.

    Args:
        labels: (n,) int64, the topics by falling size, -1 for outliers. Not modified.
        keywords: of each topic, best first.
        vocabulary: of the batch.

    Returns:
        The topics that are left, in their order; of topics with one name the largest gives its keywords.
    """
    numbers = np.full(len(keywords) + 1, -1, dtype=np.int64)
    named: dict[frozenset[tuple[int, int]], int] = {}
    origins: list[int] = []
    for topic, own in enumerate(keywords):
        if own:
            name = vocabulary.forms_of([keyword.term for keyword in own])
            numbers[topic] = named.setdefault(name, len(named))
            if len(named) > len(origins):
                origins.append(topic)
    n_dissolved = sum(not own for own in keywords)
    kept = [keywords[topic] for topic in origins]
    return NamedTopics(numbers[labels], kept, origins, n_dissolved, len(keywords) - n_dissolved - len(kept))
