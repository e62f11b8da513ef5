"""Words and n-grams of a batch: one tokenisation, counted per document, shared by every stage."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import chain

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer

from worker.topics.fit import IntArray

STOP_WORD_LISTS = ("english", "cebuano", "tagalog", "education")
# At least two characters, one of them a letter; hyphens and apostrophes inside a word belong to
# it ("mag-aral", "ma'am"), digits and underscores alone are no word.
TOKEN_PATTERN = r"(?u)(?=[\d_'’\-]*[^\W\d_])\b\w(?:[\w'’\-]*\w)\b"
# Handed to BERTopic behind each text: it joins the texts of a topic, and no n-gram may reach
# from one comment into the next.
BOUNDARY = "\x1e"

_TOKEN = re.compile(TOKEN_PATTERN)
# Below this many characters a final "s" is part of the word ("bus", "this").
_SHORTEST_PLURAL = 4


@cache
def stop_words() -> frozenset[str]:
    """Read the stop words of all lists, lower case, apostrophes straight; once a process."""
    folder = resources.files("worker.topics.words") / "stop_words"
    words = (folder / f"{name}.txt" for name in STOP_WORD_LISTS)
    return frozenset(word for file in words for word in file.read_text(encoding="utf-8").split())


def tokenize(text: str) -> list[str]:
    """Split a text into lower-case words without stop words, in their order."""
    ignored = stop_words()
    words = _TOKEN.findall(normalized(text))
    return [word for word in words if word not in ignored]


def normalized(text: str) -> str:
    """Give a text as it is split: in lower case, with straight apostrophes."""
    return text.lower().replace("’", "'")


def replace_words(text: str, replace: Callable[[str], str]) -> str:
    """Put something in the place of each word of a text, stop words included; the text is normalized first."""
    return _TOKEN.sub(lambda match: replace(match.group()), normalized(text))


def singular(word: str) -> str:
    """Give an English plural's singular; any other word as it is."""
    if len(word) < _SHORTEST_PLURAL or word.endswith(("ss", "us", "is")) or not word.endswith("s"):
        return word
    if word.endswith("ies") and len(word) > _SHORTEST_PLURAL:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "sses", "xes", "zzes")):
        return word[:-2]
    return word[:-1].rstrip("'")


@dataclass(frozen=True)
class Vocabulary:
    """The 1- and 2-grams of a batch, and where they are.

    Attributes:
        terms: sorted; (t,) str.
        doc_term_matrix: (n, t) int32 CSR, how often each document holds each term.
        tokens: (m,) int64, index of the unigram in `terms`, the documents one after the other.
        offsets: (n + 1,) int64, where each document begins in `tokens`.
    """

    terms: npt.NDArray[np.str_]
    doc_term_matrix: sparse.csr_matrix
    tokens: IntArray
    offsets: IntArray


def build_vocabulary(texts: Sequence[str], tokenizer: Callable[[str], list[str]] = tokenize) -> Vocabulary:
    """Tokenize a batch and count its 1- and 2-grams."""
    documents = [tokenizer(text) for text in texts]
    lengths = np.array([len(document) for document in documents], dtype=np.int64)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    spelled = list(dict.fromkeys(chain.from_iterable(documents)))
    numbers = {word: number for number, word in enumerate(spelled)}
    tokens = map(numbers.__getitem__, chain.from_iterable(documents))
    words = np.fromiter(tokens, dtype=np.int64, count=int(offsets[-1]))
    n_words = len(spelled)

    of_document = np.repeat(np.arange(len(texts)), lengths)
    pairs = words[:-1] * n_words + words[1:]
    inside = of_document[:-1] == of_document[1:]
    distinct, bigrams = np.unique(pairs[inside], return_inverse=True)
    terms = spelled + [f"{spelled[pair // n_words]} {spelled[pair % n_words]}" for pair in distinct.tolist()]

    order = np.argsort(np.array(terms, dtype=object), kind="stable")
    position = np.empty(len(terms), dtype=np.int64)
    position[order] = np.arange(len(terms))
    columns = position[np.concatenate([words, bigrams + n_words])]
    rows = np.concatenate([of_document, of_document[:-1][inside]])
    counts = sparse.coo_matrix(
        (np.ones(len(rows), dtype=np.int32), (rows, columns)), shape=(len(texts), len(terms))
    ).tocsr()
    return Vocabulary(np.array(terms, dtype=object)[order], counts, position[words], offsets)


class NgramVectorizer(CountVectorizer):  # type: ignore[misc]
    """A `CountVectorizer` over 1- and 2-grams that looks the batch's own documents up.

    BERTopic hands the documents of a topic over as one string; this one takes it apart at the
    boundaries and adds up rows that are counted already. Documents of other batches are counted.
    """

    def __init__(self, known: Vocabulary, texts: Sequence[str]) -> None:
        """Take a batch's vocabulary, and its texts in the order of the vocabulary's rows."""
        super().__init__(
            ngram_range=(1, 2),
            tokenizer=tokenize,
            token_pattern=None,
            lowercase=False,
            vocabulary={term: column for column, term in enumerate(known.terms)},
        )
        self.known = known
        self.texts = texts
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
            return super().transform(documents)
        rows = np.repeat(np.arange(len(parts)), [len(some) for some in parts])
        columns = np.array([self._row[part] for some in parts for part in some], dtype=np.int64)
        membership = sparse.csr_matrix(
            (np.ones(len(rows), dtype=np.int32), (rows, columns)), shape=(len(parts), len(self.texts))
        )
        return membership @ self.known.doc_term_matrix


def for_bertopic(texts: Sequence[str]) -> list[str]:
    """Mark where each text ends, in a way BERTopic's own preprocessing leaves alone."""
    return [text.replace(BOUNDARY, " ") + BOUNDARY for text in texts]


def _key(text: str) -> str:
    return text.replace("\n", " ").replace("\t", " ").strip(" " + BOUNDARY)
