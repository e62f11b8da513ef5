"""Whether a comment praises or complains, guessed by its words, if no key of the items tells.

A guess for the first page only: it counts words of two short lists, as lexicon methods do (Hu and Liu 2004, "Mining and
summarizing customer reviews"), and a denied word of praise as a complaint.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from worker.replay.extras import COMPLAINT, PRAISE

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_CLAUSE_END: Final = re.compile(r"[.,;:!?\n]")
# A denial reaches the next word and the one after it: "not very clear".
_REACH: Final = 2


@dataclass(frozen=True)
class Cue:
    """Words that praise or complain ("boring", "not clear"), and where they begin and end in the comment."""

    words: str
    mood: str
    start: int
    end: int


def guessed_mood(text: str) -> str:
    """Say "praise" or "complaint", whichever a comment holds more words of; "" for as many of both."""
    balance = sum(1 if cue.mood == PRAISE else -1 for cue in _cues(text))
    return PRAISE if balance > 0 else COMPLAINT if balance < 0 else ""


def complaints_in(text: str) -> list[Cue]:
    """Give the words of complaint and the denied words of praise, in their order; a denied complaint is none."""
    return [cue for cue in _cues(text) if cue.mood == COMPLAINT]


def complaining_words(texts: Iterable[str], most: int) -> tuple[str, ...]:
    """Give the words of complaint that most of these comments hold; each is in two at least."""
    counts = Counter(word for text in texts for word in sorted({cue.words for cue in complaints_in(text)}))
    return tuple(word for word, count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:most] if count > 1)


def _cues(text: str) -> Iterator[Cue]:
    complaints, praises, denying = _words("complaint"), _words("praise"), _words("denying")
    denial, denial_start, denied_until, ended = "", 0, -1, 0
    for at, match in enumerate(_WORD.finditer(text)):
        word, (start, end) = match.group().lower().replace("’", "'"), match.span()
        # "Nothing. Great teacher": a denial ends with its clause.
        if _CLAUSE_END.search(text, ended, start):
            denied_until = -1
        ended = end
        if word in denying or word.endswith("n't"):
            denial, denial_start, denied_until = word, start, at + _REACH
        elif word in praises and at <= denied_until:
            yield Cue(f"{denial} {word}", COMPLAINT, denial_start, end)
        elif word in praises:
            yield Cue(word, PRAISE, start, end)
        elif word in complaints and at > denied_until:
            yield Cue(word, COMPLAINT, start, end)


@cache
def _words(name: str) -> frozenset[str]:
    text = (resources.files("worker.replay.report") / "mood_words" / f"{name}.txt").read_text(encoding="utf-8")
    return frozenset(" ".join(line for line in text.splitlines() if not line.startswith("#")).split())
