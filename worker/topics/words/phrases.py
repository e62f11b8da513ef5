"""Which words stand side by side, and which of them are denied: what a batch's tokens say about one another."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from worker.topics.fit import IntArray
from worker.topics.words.function_words import foreign_words, native_words
from worker.topics.words.homographs import deny_by_homographs
from worker.topics.words.negation import REACH
from worker.topics.words.splitting import split_all
from worker.topics.words.tokens import Kind, read_token, split

BoolArray = npt.NDArray[np.bool_]
# A batch speaks Cebuano or Tagalog if at least this share of its tokens are function words of theirs alone.
_NATIVE_SHARE = 0.01
# A batch speaks one of the other languages if at least this share of its tokens are function words of theirs.
_FOREIGN_SHARE = 0.02


@dataclass(frozen=True)
class Stream:
    """The content words of a batch, the documents one after the other.

    Attributes:
        spelled: (w,) the distinct words.
        words: (m,) int64, index into `spelled`.
        offsets: (n + 1,) int64, where each document begins in `words`.
        joined: (m,) bool, whether nothing but white space stands between the word and the one before it,
            and neither is denied.
        denied: (m,) bool.
        negators: by word, the negator that most often stands before it with nothing but function words between;
            ties to the first in the alphabet.
        unpaired: words that are denied behind another one only ("clearly" in "does not teach clearly"); theirs is
            the negator of that one.
        is_native: whether the batch speaks Cebuano or Tagalog, if only among other languages.
    """

    spelled: list[str]
    words: IntArray
    offsets: IntArray
    joined: BoolArray
    denied: BoolArray
    negators: dict[str, str]
    unpaired: frozenset[str]
    is_native: bool


@dataclass(frozen=True)
class Reading:
    """All tokens of a batch, the documents one after the other, a break after each.

    Attributes:
        tokens: the distinct tokens as they are counted.
        ids: (k,) int64, index into `tokens`.
        kinds: (k,) int8, the `Kind` of each; own stop words are breaks.
        denier: (k,) int64, the position of the negator that denies the token, -1 for none.
        ends: (n + 1,) int64, where each document begins in `ids`.
    """

    tokens: list[str]
    ids: IntArray
    kinds: npt.NDArray[np.int8]
    denier: IntArray
    ends: IntArray

    @property
    def is_native(self) -> bool:
        """Whether the batch speaks Cebuano or Tagalog, if only among other languages."""
        native = np.array([token in native_words() for token in self.tokens], dtype=bool)
        return len(self.ids) > 0 and bool(native[self.ids].mean() >= _NATIVE_SHARE)


def read_texts(texts: Sequence[str], own_stop_words: Sequence[str] = ()) -> Reading:
    """Split the texts, and tell what each token is and which ones are denied.

    Args:
        texts: (n,) the documents.
        own_stop_words: words and phrases that are no words of this batch.
    """
    found = split_all(texts)
    distinct, ids = list(found.numbers), found.ids
    read = [read_token(token) for token in distinct]
    kinds = np.array([kind for _, kind in read], dtype=np.int8)[ids]
    _mark_foreign(kinds, ids, read)
    deny_by_homographs(kinds, ids, distinct)
    _silence(kinds, ids, found.numbers, own_stop_words)
    is_adverb = np.array([word.endswith("ly") for word, _ in read], dtype=bool)
    return Reading([word for word, _ in read], ids, kinds, _deniers(kinds, ids, is_adverb), found.ends)


def content_of(reading: Reading) -> Stream:
    """Give the content words of a batch."""
    ids, denier = reading.ids, reading.denier
    is_content = reading.kinds == Kind.CONTENT
    at = np.flatnonzero(is_content)
    is_said = np.bincount(ids[at], minlength=len(reading.tokens)) > 0
    spelled = list(dict.fromkeys(reading.tokens[i] for i in np.flatnonzero(is_said).tolist()))
    number_of = {word: number for number, word in enumerate(spelled)}
    word_of = np.array([number_of.get(token, -1) for token in reading.tokens], dtype=np.int64)
    words = word_of[ids[at]]
    joined = np.zeros(len(at), dtype=bool)
    joined[1:] = np.diff(at) == 1
    denied = denier[at] >= 0
    joined[1:] &= ~denied[1:] & ~denied[:-1]
    is_pair = denied & (denier[at] != denier[at - 1])
    negated = np.stack([words, ids[denier[at]]], axis=1)
    pairs, behind = (
        _commonest([(spelled[word], reading.tokens[negator]) for word, negator in negated[some].tolist()])
        for some in (is_pair, denied & ~is_pair)
    )
    return Stream(
        spelled=spelled,
        words=words,
        offsets=np.concatenate([[0], np.cumsum(is_content)])[reading.ends].astype(np.int64),
        joined=joined,
        denied=denied,
        negators=behind | pairs,
        unpaired=frozenset(behind.keys() - pairs.keys()),
        is_native=reading.is_native,
    )


def plain_stream(documents: Sequence[Sequence[str]]) -> Stream:
    """Take documents that are split already: every word counts, and stands beside the next one."""
    lengths = np.array([len(document) for document in documents], dtype=np.int64)
    spelled = list(dict.fromkeys(chain.from_iterable(documents)))
    numbers = {word: number for number, word in enumerate(spelled)}
    words = np.fromiter(
        map(numbers.__getitem__, chain.from_iterable(documents)), dtype=np.int64, count=int(lengths.sum())
    )
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    joined = np.ones(len(words), dtype=bool)
    joined[offsets[:-1][lengths > 0]] = False
    return Stream(spelled, words, offsets, joined, np.zeros(len(words), dtype=bool), {}, frozenset(), is_native=False)


def _mark_foreign(kinds: npt.NDArray[np.int8], ids: IntArray, read: Sequence[tuple[str, Kind]]) -> None:
    """Make function words of those of other languages, in place, if the batch speaks one of these."""
    is_foreign = np.array([kind is Kind.CONTENT and word in foreign_words() for word, kind in read], dtype=bool)[ids]
    if is_foreign.any() and is_foreign.mean() >= _FOREIGN_SHARE:
        kinds[is_foreign] = Kind.FUNCTION


def _silence(kinds: npt.NDArray[np.int8], ids: IntArray, numbers: dict[str, int], own: Sequence[str]) -> None:
    """Make breaks of the own stop words, in place; a phrase only if its words follow one another."""
    phrases: dict[int, set[tuple[int, ...]]] = {}
    for phrase in own:
        known = [numbers.get(token, -1) for token in split(phrase)]
        if known and -1 not in known:
            phrases.setdefault(len(known), set()).add(tuple(known))
    for length, wanted in phrases.items():
        first = np.array(sorted({phrase[0] for phrase in wanted}), dtype=np.int64)
        starts = np.flatnonzero(np.isin(ids, first))
        found = [start for start in starts.tolist() if tuple(ids[start : start + length].tolist()) in wanted]
        for start in found:
            kinds[start : start + length] = Kind.BREAK


def _deniers(kinds: npt.NDArray[np.int8], ids: IntArray, is_adverb: BoolArray) -> IntArray:
    """Find the position of the negator of each token, -1 if there is none.

    A negator denies the next content word, over a few function words but over no barrier and no
    break; an English adverb that follows that word is denied with it ("does not teach clearly").
    """
    denier = np.full(len(kinds), -1, dtype=np.int64)
    reaching = np.flatnonzero(kinds == Kind.NEGATOR)
    for distance in range(1, REACH + 1):
        reaching = reaching[reaching + distance < len(kinds)]
        found = kinds[reaching + distance]
        hit = reaching[found == Kind.CONTENT]
        denier[hit + distance] = hit
        reaching = reaching[found == Kind.FUNCTION]
    after = np.flatnonzero(denier[:-1] >= 0) + 1
    after = after[(kinds[after] == Kind.CONTENT) & is_adverb[ids[after]] & (denier[after] < 0)]
    denier[after] = denier[after - 1]
    return denier


def _commonest(pairs: list[tuple[str, str]]) -> dict[str, str]:
    negators: dict[str, str] = {}
    for (word, negator), _ in sorted(Counter(pairs).items(), key=lambda entry: (-entry[1], entry[0])):
        negators.setdefault(word, negator)
    return negators
