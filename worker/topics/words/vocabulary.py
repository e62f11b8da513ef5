"""Words and n-grams of a batch: one tokenisation, counted per document, shared by every stage."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from worker.topics.fit import IntArray
from worker.topics.words.forms import families
from worker.topics.words.phrases import BoolArray, Reading, Stream, content_of, plain_stream, read_texts
from worker.topics.words.tokens import is_han

# The negator's place in `Vocabulary.stems`: a denied word counts as two words.
NEGATOR = -2
NO_WORD = -1
# Stands before a denied word in `Vocabulary.keys`, whatever negator its name shows.
_DENIED = "\x00 "


@dataclass(frozen=True)
class Vocabulary:
    """The 1- and 2-grams of a batch, and where they are.

    A word counts apart if it is denied: as a term of two words, the negator that most often stands before it
    and the word ("no problem"). Two-word terms are words that stand side by side in a comment.

    Attributes:
        terms: (t,) str, as they are shown; forms of one word side by side, else by the alphabet.
        doc_term_matrix: (n, t) int32 CSR, how often each document holds each term.
        tokens: (m,) int64, the term (of one word, or denied) at each place, the documents one after the other.
        offsets: (n + 1,) int64, where each document begins in `tokens`.
        joined: (m,) bool, whether the word and the one before it stand side by side.
        written: (t,) bool, whether comments hold the term as it is shown; they do not hold "not clearly" if all they
            say is "does not teach clearly".
        stems: (t, 2) int64, the number of each word's family; `NO_WORD` for no second word, `NEGATOR` for a negator.
        columns: the column of each term by its key: the term itself, of denied words `denied_key`.
    """

    terms: npt.NDArray[np.str_]
    doc_term_matrix: sparse.csr_matrix
    tokens: IntArray
    offsets: IntArray
    joined: BoolArray
    written: BoolArray
    stems: IntArray
    columns: dict[str, int]

    @property
    def denied(self) -> BoolArray:
        """Which terms are denied words, (t,)."""
        denied: BoolArray = self.stems[:, 1] == NEGATOR
        return denied

    @property
    def affirmed_and_denied(self) -> tuple[IntArray, IntArray]:
        """The columns of the words that stand both affirmed and denied, (p,), and those of the same words denied."""
        keys = list(self.columns)
        denied = [(keys[column].removeprefix(_DENIED), column) for column in np.flatnonzero(self.denied).tolist()]
        pairs = [(self.columns[word], column) for word, column in denied if word in self.columns]
        found = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        return found[:, 0], found[:, 1]

    def columns_of(self, terms: Sequence[str]) -> IntArray:
        """Find the columns of terms as they are shown, all in the vocabulary.

        Raises:
            KeyError: a term is not in the vocabulary.
        """
        shown = {str(self.terms[column]): int(column) for column in np.flatnonzero(self.denied)}
        return np.array([shown[term] if term in shown else self.columns[term] for term in terms], dtype=np.int64)

    def forms_of(self, terms: Sequence[str]) -> frozenset[tuple[int, int]]:
        """Give what terms say whatever the form of their words; equal sets for "no comment" and "no comments".

        Raises:
            KeyError: a term is not in the vocabulary.
        """
        return frozenset((first, second) for first, second in self.stems[self.columns_of(terms)].tolist())

    def words_of(self, column: int) -> list[list[int]]:
        """Give, for each word of a term, the columns that stand for it in `tokens`.

        A word stands there as itself or denied; the words of a pair are never denied.
        """
        if self.stems[column, 1] == NEGATOR:
            return [[column]]
        if self.stems[column, 1] == NO_WORD:
            denied = self.columns.get(denied_key(str(self.terms[column])))
            return [[column]] if denied is None else [[column, denied]]
        return [[self.columns[word]] for word in str(self.terms[column]).split(" ")]


def build_vocabulary(
    texts: Sequence[str],
    tokenizer: Callable[[str], list[str]] | None = None,
    *,
    stop_words: Sequence[str] = (),
) -> Vocabulary:
    """Tokenize a batch and count its 1- and 2-grams.

    Args:
        texts: (n,) the documents.
        tokenizer: in the place of the engine's own; each of its words counts and stands beside the next.
        stop_words: own ones, words or phrases, beside the built-in ones.
    """
    if tokenizer is not None:
        return _counted(plain_stream([tokenizer(text) for text in texts]))
    return vocabulary_of(read_texts(texts, stop_words))


def vocabulary_of(reading: Reading) -> Vocabulary:
    """Count the 1- and 2-grams of a batch that was split already."""
    return _counted(content_of(reading))


def denied_key(word: str) -> str:
    """Give the key of a denied word in `Vocabulary.columns`."""
    return _DENIED + word


def _counted(stream: Stream) -> Vocabulary:
    family, rank = _families(stream)
    # In the order of the ranks from here on, so that numbers sort as the words do.
    spelled = [""] * len(rank)
    for word, place in zip(stream.spelled, rank.tolist(), strict=True):
        spelled[place] = word
    words, n_words = rank[stream.words], len(spelled)
    document = np.repeat(np.arange(len(stream.offsets) - 1), np.diff(stream.offsets))

    # A term's number: its first word, then nothing, a second word, or last of all that it is denied.
    width = n_words + 2
    single = words * width + np.where(stream.denied, width - 1, 0)
    beside = stream.joined[1:]
    double = (words[:-1] * width + words[1:] + 1)[beside]
    numbers, columns = np.unique(np.concatenate([single, double]), return_inverse=True)
    rows = np.concatenate([document, document[:-1][beside]])
    counts = sparse.coo_matrix(
        (np.ones(len(rows), dtype=np.int32), (rows, columns)), shape=(len(stream.offsets) - 1, len(numbers))
    ).tocsr()

    first, second = numbers // width, numbers % width
    terms, keys = _named(spelled, first.tolist(), second.tolist(), stream.negators)
    written = np.ones(len(numbers), dtype=bool)
    for column in np.flatnonzero(second == width - 1).tolist():
        written[column] = spelled[first[column]] not in stream.unpaired
    by_rank = np.empty(n_words, dtype=np.int64)
    by_rank[rank] = family
    followed = by_rank[np.clip(second - 1, 0, max(n_words - 1, 0))] if n_words else second
    stems = np.where(second == 0, NO_WORD, np.where(second == width - 1, NEGATOR, followed))
    return Vocabulary(
        terms=np.array(terms, dtype=object),
        doc_term_matrix=counts,
        tokens=columns[: len(words)].astype(np.int64),
        offsets=stream.offsets,
        joined=stream.joined,
        written=written,
        stems=np.stack([by_rank[first], stems], axis=1),
        columns={key: column for column, key in enumerate(keys)},
    )


def _families(stream: Stream) -> tuple[IntArray, IntArray]:
    """Number the families of the words, and rank the words by their family's first word, then by themselves."""
    first = families(stream.spelled, native=stream.is_native)
    order = sorted(range(len(stream.spelled)), key=lambda i: (first[stream.spelled[i]], stream.spelled[i]))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    numbers = {word: number for number, word in enumerate(sorted(set(first.values())))}
    return np.array([numbers[first[word]] for word in stream.spelled], dtype=np.int64), rank


def _named(
    spelled: Sequence[str], first: list[int], second: list[int], negators: dict[str, str]
) -> tuple[list[str], list[str]]:
    """Name the terms as they are shown, and give their keys."""
    last = len(spelled) + 1
    keys = [
        spelled[a] if b == 0 else _DENIED + spelled[a] if b == last else f"{spelled[a]} {spelled[b - 1]}"
        for a, b in zip(first, second, strict=True)
    ]
    terms = list(keys)
    for column in [column for column, b in enumerate(second) if b == last]:
        word = spelled[first[column]]
        terms[column] = negators[word] + ("" if is_han(word) else " ") + word
    return terms, keys
