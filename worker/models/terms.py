"""The words of kept topics: how many documents of each hold each term."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from worker.models.model import FEWEST_IN_PART, FEWEST_WITH_TERM, MOST_TERMS
from worker.topics.arrays import IntArray
from worker.topics.fit import TopicFit
from worker.topics.words.candidates import members
from worker.topics.words.vocabulary import Vocabulary

Terms = Mapping[str, int]

# Of all topics together: with many topics each keeps fewer, and the model stays small.
_MOST_TERMS_OF_ALL: Final = 30_000


def terms_of_fit(fit: TopicFit) -> list[Terms]:
    """Take the terms of each topic from a fit with its traits, without those that a single document holds."""
    traits = fit.traits
    if traits is None:
        raise ValueError("the fit has no traits: fit with keep=True")
    held = np.bincount(traits.columns, weights=traits.documents, minlength=len(traits.terms))
    counted: list[Terms] = []
    for start, end in zip(traits.starts[:-1].tolist(), traits.starts[1:].tolist(), strict=True):
        cells = zip(traits.columns[start:end].tolist(), traits.documents[start:end].tolist(), strict=True)
        counted.append({traits.terms[c]: count for c, count in cells if held[c] >= FEWEST_WITH_TERM})
    return pruned(counted)


def terms_of_batch(labels: IntArray, numbers: Sequence[int], vocabulary: Vocabulary) -> list[Terms]:
    """Count, for each topic, how many documents of a batch hold each term.

    Who has the model of before and the one of after can subtract them. So a topic gets no terms of fewer than ten
    documents, and none that one of them alone holds: the difference would tell what that document says.

    Args:
        labels: (n,) int64, the numbers of the documents' topics, -1 for outliers.
        numbers: of the topics, rising.
        vocabulary: of the batch.
    """
    held = vocabulary.doc_term_matrix.astype(bool).astype(np.int32)
    place = np.full(len(labels), -1, dtype=np.int64)
    inside = labels >= 0
    place[inside] = np.searchsorted(np.array(numbers, dtype=np.int64), labels[inside])
    counts = (members(place, len(numbers)) @ held).tocsr()
    names, sizes = [str(term) for term in vocabulary.terms], np.bincount(place[inside], minlength=len(numbers))
    counted: list[Terms] = []
    for row, (start, end) in enumerate(zip(counts.indptr[:-1].tolist(), counts.indptr[1:].tolist(), strict=True)):
        if sizes[row] < FEWEST_IN_PART:
            counted.append({})
            continue
        cells = zip(counts.indices[start:end].tolist(), counts.data[start:end].tolist(), strict=True)
        counted.append({names[column]: int(count) for column, count in cells if count >= FEWEST_WITH_TERM})
    return counted


def added(one: Terms, other: Terms) -> Terms:
    """Add up the counts of two disjoint sets of documents."""
    return {term: one.get(term, 0) + other.get(term, 0) for term in sorted(one.keys() | other.keys())}


def pruned(topics: Sequence[Terms]) -> list[Terms]:
    """Drop the rarest terms of each topic beyond a number; of equally rare ones the last in the alphabet."""
    most = max(1, min(MOST_TERMS, _MOST_TERMS_OF_ALL // max(len(topics), 1)))
    kept: list[Terms] = []
    for terms in topics:
        commonest = sorted(terms.items(), key=lambda entry: (-entry[1], entry[0]))[:most]
        kept.append(dict(sorted(commonest)))
    return kept
