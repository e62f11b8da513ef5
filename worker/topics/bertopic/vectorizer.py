"""BERTopic's sub-model for counting words: looks the batch's own documents up."""

import re
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer

from worker.topics.words.vocabulary import Vocabulary, build_vocabulary

# Begins the name that BERTopic gets in the place of each document of the batch; no comment is taken for one.
_MARK = "\x1e"
_IS_NAMES = re.compile(rf"{_MARK}[0-9]+(?: {_MARK}[0-9]+)*+")


class NgramVectorizer(CountVectorizer):  # type: ignore[misc]
    """A `CountVectorizer` over 1- and 2-grams that knows the counts of the batch's own documents.

    BERTopic hands the documents of a topic over as one string; of names (`for_bertopic`), this one adds up the rows
    that are counted already. Documents of other batches are counted.
    """

    def __init__(self, known: Vocabulary, stop_words: Sequence[str] = ()) -> None:
        """Take a batch's vocabulary and its own stop words."""
        super().__init__(ngram_range=(1, 2), token_pattern=None, lowercase=False)
        self.known = known
        self.own_stop_words = stop_words

    def fit_transform(self, raw_documents: Iterable[str], y: object = None) -> sparse.csr_matrix:
        """Count the terms of each string of documents: (strings, t) CSR."""
        return self.transform(raw_documents)

    def transform(self, raw_documents: Iterable[str]) -> sparse.csr_matrix:
        """As `fit_transform`; the vocabulary is known from the start."""
        documents, counts = list(raw_documents), self.known.doc_term_matrix
        if not all(_IS_NAMES.fullmatch(document) for document in documents):
            return self._counted(documents)
        parts = [[int(name) for name in document.replace(_MARK, "").split()] for document in documents]
        rows = np.repeat(np.arange(len(parts)), [len(some) for some in parts])
        columns = np.array([row for some in parts for row in some], dtype=np.int64)
        ones = np.ones(len(rows), dtype=np.int32)
        return sparse.csr_matrix((ones, (rows, columns)), shape=(len(parts), counts.shape[0])) @ counts

    def get_feature_names_out(self, input_features: object = None) -> npt.NDArray[np.str_]:
        """Give the terms in the order of the columns, (t,) str."""
        return self.known.terms

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


def for_bertopic(n_documents: int) -> list[str]:
    """Name the documents of a batch by their rows: BERTopic joins and copies names sooner than comments."""
    return [f"{_MARK}{row}" for row in range(n_documents)]
