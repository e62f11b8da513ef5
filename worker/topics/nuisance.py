"""What says nothing of a topic but may sort comments into topics all the same: plain values, numpy only."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Nuisance(StrEnum):
    """The kinds of what says nothing of a topic."""

    PRONOUN = "pronoun"
    ADDRESS = "address"
    LANGUAGE = "language"
    LENGTH = "length"


ENGLISH: Final = "English"
NATIVE: Final = "Cebuano or Tagalog"
SHORT: Final = "short"
LONG: Final = "long"
# What can be taken out of embeddings: what tells comments with the one mark from those with the other. Length cannot:
# without it the topics of two of four corpora were worse.
PAIRS: Final[Mapping[Nuisance, tuple[str, str]]] = {
    Nuisance.PRONOUN: ("she", "he"),
    Nuisance.ADDRESS: ("ma'am", "sir"),
    Nuisance.LANGUAGE: (ENGLISH, NATIVE),
}


@dataclass(frozen=True)
class Mark:
    """One thing that a comment has or has not, whatever it speaks of.

    Attributes:
        kind: what it is.
        name: the word that stands for all of its list ("she"), the language, or "short" and "long".
        bound: of a length: the most words of a short comment, the fewest of a long one; else 0.
    """

    kind: Nuisance
    name: str
    bound: int = 0


@dataclass(frozen=True)
class Excess:
    """A topic holds comments with a mark far more often than the batch does.

    Attributes:
        mark: the mark.
        share: share of the topic's documents that have it.
        of_all: share of the batch's documents that have it.
        is_doubt: whether it is far enough to doubt the topic; if not, it is a remark.
    """

    mark: Mark
    share: float
    of_all: float
    is_doubt: bool
