"""BERTopic's sub-model for counting words: looks the batch's own documents up."""

from collections.abc import Iterable, Sequence

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer

from worker.topics.words.vocabulary import Vocabulary, build_vocabulary

# Handed to BERTopic behind each text: it joins the texts of a topic, and no n-gram may reach
# from one comment into the next.
BOUNDARY = "\x1e"


class NgramVectorizer(CountVectorizer):  # type: ignore[misc]
    """A `CountVectorizer` over 1- and 2-grams that knows the counts of the batch's own documents.

    BERTopic hands the documents of a topic over as one string; this one takes it apart at the
    boundaries and adds up rows that are counted already. Documents of other batches are counted.
    """

    def __init__(self, known: Vocabulary, texts: Sequence[str], stop_words: Sequence[str] = ()) -> None:
        """Take a batch's vocabulary, its texts in the order of the vocabulary's rows, and its own stop words."""
        super().__init__(
            ngram_range=(1, 2),
            token_pattern=None,
            lowercase=False,
            vocabulary={term: column for column, term in enumerate(known.terms)},
        )
        self.known = known
        self.texts = texts
        self.own_stop_words = stop_words
        self._row = {_key(text): row for row, text in enumerate(texts)}

    def fit_transform(self, raw_documents: Iterable[str], y: object = None) -> sparse.csr_matrix:
        """Count the terms of each string of documents: (strings, t) CSR."""
        self._validate_vocabulary()
        return self.transform(raw_documents)

    def transform(self, raw_documents: Iterable[str]) -> sparse.csr_matrix:
        """As `fit_transform`; the vocabulary is known from the start."""
        documents = list(raw_documents)
        parts = [[part for part in map(_key, document.split(BOUNDARY)) if part] for document in documents]
        if not all(part in self._row for some in parts for part in some):
            return self._counted(documents)
        rows = np.repeat(np.arange(len(parts)), [len(some) for some in parts])
        columns = np.array([self._row[part] for some in parts for part in some], dtype=np.int64)
        membership = sparse.csr_matrix(
            (np.ones(len(rows), dtype=np.int32), (rows, columns)), shape=(len(parts), len(self.texts))
        )
        return membership @ self.known.doc_term_matrix

    def _counted(self, documents: Sequence[str]) -> sparse.csr_matrix:
        other = build_vocabulary(documents, stop_words=self.own_stop_words)
        found = [
            (self.known.columns[key], column) for key, column in other.columns.items() if key in self.known.columns
        ]
        into, taken = np.array(found, dtype=np.int64).reshape(-1, 2).T
        counts = other.doc_term_matrix[:, taken].tocoo()
        return sparse.csr_matrix(
            (counts.data, (counts.row, into[counts.col])), shape=(len(documents), len(self.known.terms))
        )


def for_bertopic(texts: Sequence[str]) -> list[str]:
    """Mark where each text ends, in a way that BERTopic's own preprocessing leaves alone."""
    return [text.replace(BOUNDARY, " ") + BOUNDARY for text in texts]


def _key(text: str) -> str:
    return text.replace("\n", " ").replace("\t", " ").strip(" " + BOUNDARY)
