"""How comments are worded: pronouns, forms of address, language and length, which no topic should follow."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

import numpy as np

from worker.topics.fit import BoolArray, IntArray
from worker.topics.graph.neutralizing import Contrast
from worker.topics.nuisance import ENGLISH, LONG, NATIVE, PAIRS, SHORT, Mark, Nuisance
from worker.topics.words.function_words import english_words, native_words
from worker.topics.words.phrases import Reading
from worker.topics.words.tokens import Kind

# The lists of words by the word that stands for them in reports. "Siya" is he or she.
LISTS: Final = {
    "she": ("she", Nuisance.PRONOUN),
    "he": ("he", Nuisance.PRONOUN),
    "siya": ("siya", Nuisance.PRONOUN),
    "maam": ("ma'am", Nuisance.ADDRESS),
    "sir": ("sir", Nuisance.ADDRESS),
    "prof": ("prof", Nuisance.ADDRESS),
}
# Short are the comments of the lowest quarter by length, long those of the highest one.
_QUARTER: Final = 0.25
# "Miss" behind a word of this list is what somebody does ("I miss her"), not how somebody is called.
_BEFORE_A_VERB: Final = "before_a_verb"


@dataclass(frozen=True, eq=False)
class Wording:
    """Which marks the comments of a batch have.

    Attributes:
        marks: (m,), those of one kind side by side.
        holds: (n, m) bool, whether a comment has the mark.
    """

    marks: tuple[Mark, ...]
    holds: BoolArray

    def only(self, name: str, other: str) -> BoolArray:
        """Tell which comments have the mark of this name and not the other one: (n,) bool."""
        names = [mark.name for mark in self.marks]
        only: BoolArray = self.holds[:, names.index(name)] & ~self.holds[:, names.index(other)]
        return only


def read_wording(reading: Reading) -> Wording:
    """Find the marks of each comment in the tokens of a batch.

    A comment is in the language of which it holds more function words; with as many of both it is in none.
    """
    n_comments = len(reading.ends) - 1
    comment = np.repeat(np.arange(n_comments), np.diff(reading.ends))
    marks, columns = [], []
    for name, held in _words(reading):
        marks.append(Mark(LISTS[name][1], LISTS[name][0]))
        columns.append(np.bincount(comment[held], minlength=n_comments) > 0)
    english, native = (
        np.bincount(comment[_is_any(reading, words)], minlength=n_comments)
        for words in (english_words(), native_words())
    )
    n_words = np.bincount(comment[reading.kinds != Kind.BREAK], minlength=n_comments)
    low, high = _bounds(n_words)
    marks += [
        Mark(Nuisance.LANGUAGE, ENGLISH),
        Mark(Nuisance.LANGUAGE, NATIVE),
        Mark(Nuisance.LENGTH, SHORT, low),
        Mark(Nuisance.LENGTH, LONG, high),
    ]
    columns += [english > native, native > english, n_words <= low, n_words >= high]
    return Wording(tuple(marks), np.stack(columns, axis=1))


def contrasts_of(wording: Wording) -> dict[str, Contrast]:
    """Give the pairs of groups whose difference only tells wording, by kind."""
    return {
        str(kind): Contrast(wording.only(one, other), wording.only(other, one)) for kind, (one, other) in PAIRS.items()
    }


@cache
def words_of(name: str) -> frozenset[str]:
    """Read the list of this name, lower case, apostrophes straight; once a process."""
    folder = resources.files("worker.topics.words") / "pronouns_and_titles"
    return frozenset((folder / f"{name}.txt").read_text(encoding="utf-8").split())


def _words(reading: Reading) -> Iterator[tuple[str, BoolArray]]:
    """Give each list by its name, and which tokens are one of its words."""
    for name in LISTS:
        held = _is_any(reading, words_of(name))
        if "miss" in words_of(name):
            held &= ~_is_verb(reading, "miss")
        yield name, held


def _is_any(reading: Reading, words: frozenset[str]) -> BoolArray:
    is_one = np.array([token in words for token in reading.tokens], dtype=bool)
    found: BoolArray = is_one[reading.ids]
    return found


def _is_verb(reading: Reading, word: str) -> BoolArray:
    behind = np.zeros(len(reading.ids), dtype=bool)
    behind[1:] = _is_any(reading, words_of(_BEFORE_A_VERB))[:-1]
    return behind & _is_any(reading, frozenset({word}))


def _bounds(n_words: IntArray) -> tuple[int, int]:
    """Give the most words of a short comment and the fewest of a long one."""
    low, high = np.quantile(n_words, [_QUARTER, 1 - _QUARTER]) if len(n_words) else (0, 0)
    return int(low), int(np.ceil(high))
