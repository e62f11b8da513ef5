"""Whether a comment praises or complains, guessed by its words, if no key of the items tells.

A guess for the first page only: it counts words of two short lists, as lexicon methods do (Hu and Liu 2004, "Mining and
summarizing customer reviews"), and a denied word of praise as a complaint.
"""

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Final

from worker.replay.extras import COMPLAINT, PRAISE

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
# A denial reaches the next word and the one after it: "not very clear".
_REACH: Final = 2


def guessed_mood(text: str) -> str:
    """Say "praise" or "complaint", whichever a comment holds more words of; "" for as many of both."""
    complaints, praises, denying = _words("complaint"), _words("praise"), _words("denying")
    balance, denied_until = 0, -1
    for at, word in enumerate(_read(text)):
        if word in denying or word.endswith("n't"):
            denied_until = at + _REACH
        elif word in praises:
            balance += -1 if at <= denied_until else 1
        elif word in complaints and at > denied_until:
            balance -= 1
    return PRAISE if balance > 0 else COMPLAINT if balance < 0 else ""


def complaining_words(texts: Iterable[str], most: int) -> tuple[str, ...]:
    """Give the words of complaint that most of these comments hold; each is in two at least."""
    counts = Counter(word for text in texts for word in sorted(set(_read(text)) & _words("complaint")))
    return tuple(word for word, count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:most] if count > 1)


def _read(text: str) -> list[str]:
    return [match.group().lower().replace("’", "'") for match in _WORD.finditer(text)]


@cache
def _words(name: str) -> frozenset[str]:
    text = (resources.files("worker.replay.report") / "mood_words" / f"{name}.txt").read_text(encoding="utf-8")
    return frozenset(" ".join(line for line in text.splitlines() if not line.startswith("#")).split())
