"""A batch in canonical order, so that how the API shuffled it is forgotten."""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from worker.topics.fit import FloatArray, IntArray

# Numbers of a vector that tell it from nearly all others.
_FIRST = 8


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
    order = sorted(range(len(texts)), key=texts.__getitem__)
    for start, stop in _runs([texts[i] for i in order]):
        # Equal texts, by the bytes of their vectors.
        order[start:stop] = sorted(order[start:stop], key=lambda i: embeddings[i].tobytes())
    return np.array(order, dtype=np.int64)


def _runs(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Give where each run of several equal texts begins and ends."""
    start = 0
    for stop in range(1, len(texts) + 1):
        if stop == len(texts) or texts[stop] != texts[start]:
            if stop - start > 1:
                yield start, stop
            start = stop


def make_corpus(texts: Sequence[str], embeddings: FloatArray) -> Corpus:
    """Number what is equal in a batch that is in canonical order."""
    vectors = _numbered(_keys(embeddings))
    changes = [i == 0 or texts[i] != texts[i - 1] or vectors[i] != vectors[i - 1] for i in range(len(texts))]
    comments = _numbered(" ".join(text.casefold().split()) for text in texts)
    return Corpus(texts, embeddings, np.cumsum(changes).astype(np.int64), vectors, comments)


def _keys(vectors: FloatArray) -> list[bytes]:
    """Give bytes that are equal if vectors are: of the first few numbers, of all if other vectors begin alike."""
    # + 0.0 turns -0.0 into 0.0, which is the same number with other bytes.
    keys = [row.tobytes() for row in vectors[:, :_FIRST] + np.float32(0.0)]
    counts = Counter(keys)
    return [
        key if counts[key] == 1 else (row + np.float32(0.0)).tobytes() for key, row in zip(keys, vectors, strict=True)
    ]


def _numbered(keys: Iterable[Hashable]) -> IntArray:
    """Number keys by their first appearance, equal ones alike: (n,) int64."""
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)
