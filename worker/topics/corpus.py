"""A batch in canonical order, so that how the API shuffled it is forgotten."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from worker.topics.fit import FloatArray, IntArray

# Numbers at the beginning of a vector by which it is looked up.
_BEGINNING = 16


@dataclass(frozen=True)
class Corpus:
    """A batch in canonical order.

    Attributes:
        texts: (n,) the documents.
        embeddings: (n, d) float32, L2-normalized.
        copies: (n,) int64, equal if text and vector are equal.
        vectors: (n,) int64, equal if the vector is equal.
        comments: (n,) int64, equal if the text is equal but for case and blanks.
    """

    texts: Sequence[str]
    embeddings: FloatArray
    copies: IntArray
    vectors: IntArray
    comments: IntArray


def canonical_order(texts: Sequence[str], embeddings: FloatArray) -> IntArray:
    """Sort the items by content, so that how the API shuffled them is forgotten: (n,) int64."""
    keys = [row.tobytes() for row in np.ascontiguousarray(embeddings)]
    return np.array(sorted(range(len(texts)), key=lambda i: (texts[i], keys[i])), dtype=np.int64)


def make_corpus(texts: Sequence[str], embeddings: FloatArray) -> Corpus:
    """Number what is equal in a batch that is in canonical order."""
    vectors = _numbered_rows(embeddings)
    changes = [i == 0 or texts[i] != texts[i - 1] or vectors[i] != vectors[i - 1] for i in range(len(texts))]
    comments = _numbered(" ".join(text.casefold().split()) for text in texts)
    return Corpus(texts, embeddings, np.cumsum(changes).astype(np.int64), vectors, comments)


def _numbered_rows(rows: FloatArray) -> IntArray:
    """Number the rows of (n, d) float32 by their first appearance, equal ones alike: (n,) int64."""
    # + 0.0 turns -0.0 into 0.0, which is the same number with other bytes.
    beginnings = [row.tobytes() for row in rows[:, :_BEGINNING] + np.float32(0.0)]
    seen = Counter(beginnings)
    # Hardly two vectors begin alike unless they are equal, so that nearly all need not be read to the end.
    return _numbered(
        own if seen[own] == 1 else (own, (row + np.float32(0.0)).tobytes())
        for own, row in zip(beginnings, rows, strict=True)
    )


def _numbered(keys: Iterable[Hashable]) -> IntArray:
    """Number keys by their first appearance, equal ones alike: (n,) int64."""
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)
