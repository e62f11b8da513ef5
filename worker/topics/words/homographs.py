"""Tokens that deny in some places only, by the words around them.

"way" is "none" in Cebuano ("way klaro": not clear), a noun or an intensifier in English. "d" is short for "di", not
("d ko gets"), or for "the" ("d best"), or a grade.
"""

from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from worker.topics.fit import IntArray
from worker.topics.words.function_words import listed
from worker.topics.words.negation import REACH
from worker.topics.words.tokens import Kind

WAY: Final = "way"
DI: Final = "d"
HOMOGRAPHS: Final = frozenset((WAY, DI))
_PARTICLES = """
ko ako aq q nako nko ko'g kog mi kami kmi namo namin nmin ka mo siya sya xa sia cya niya nya nia nila sila cla nmn naman
nman man jud jod jd gyud gud na pa po kaayo kaau kau rin din tlga talaga masyado gaano kasi kc
"""
# Behind "not", and hardly behind "the" or a grade.
_BEHIND_DI = frozenset(_PARTICLES.split())
# A batch speaks Cebuano if at least this share of its tokens are function words of Cebuano alone. In Tagalog "way" is
# the English noun; by words that are spelled the same, .007 of a Tagalog batch are Cebuano.
_CEBUANO_SHARE = 0.02
# May stand between the negator and what it denies: "way jud klaro".
_EMPHATIC = frozenset(("jud", "jod", "gyud", "gyod", "gud", "jd", "gd", "man", "pa", "na", "ra"))
_NOUNS_COMPANY = """
ang yung ung yong iyang ilang among akong atong imong inyong kanyang aming ating kanilang usa usang isang ibang laing
lahi lahing best better good nice easy hard fun great clear different other same own new right wrong long only any
every one two
"""
# After one of these "way" is a noun: "iyang way", "best way".
_BEFORE_NOUN = frozenset(_NOUNS_COMPANY.split())
_COMPARED = """
better worse harder easier faster slower longer higher lower clearer cooler bigger smaller cheaper stricter ahead back
beyond past over off different
"""
# Before one of these it is an intensifier: "way better".
_AFTER_INTENSIFIER = frozenset(_COMPARED.split())


def deny_by_homographs(kinds: npt.NDArray[np.int8], ids: IntArray, tokens: Sequence[str]) -> None:
    """Make a negator, in place, of each token that is one by the words around it.

    Args:
        kinds: (k,) the `Kind` of each token of a batch.
        ids: (k,) index into `tokens`.
        tokens: the distinct tokens.
    """
    _deny_by_way(kinds, ids, tokens)
    if DI in tokens:
        places = np.flatnonzero(ids[:-1] == tokens.index(DI))
        particles = np.array([token in _BEHIND_DI for token in tokens], dtype=bool)
        kinds[places[particles[ids[places + 1]]]] = Kind.NEGATOR


def _deny_by_way(kinds: npt.NDArray[np.int8], ids: IntArray, tokens: Sequence[str]) -> None:
    """Do so for "way": it denies the word right behind it, and begins a clause or stands among Cebuano words."""
    if WAY not in tokens or not _speaks_cebuano(ids, tokens):
        return
    places = np.flatnonzero((ids == tokens.index(WAY)) & (kinds == Kind.FUNCTION))
    for place in places.tolist():
        first = max(0, place - REACH)
        before = [(tokens[ids[i]], int(kinds[i])) for i in range(first, place)]
        after = [(tokens[ids[i]], int(kinds[i])) for i in range(place + 1, min(len(ids), place + 1 + REACH))]
        if _denies_next(after) and _is_cebuano_after(before):
            kinds[place] = Kind.NEGATOR


def _denies_next(after: Sequence[tuple[str, int]]) -> bool:
    word, kind = next((found for found in after if found[0] not in _EMPHATIC), ("", int(Kind.BREAK)))
    return kind == Kind.CONTENT and word not in _AFTER_INTENSIFIER


def _is_cebuano_after(before: Sequence[tuple[str, int]]) -> bool:
    """Tell by the nearest word before it whose language is known."""
    if not before or before[-1][1] == Kind.BREAK:
        return True
    if before[-1][0] in _BEFORE_NOUN:
        return False
    for word, kind in reversed(before):
        if kind == Kind.BREAK:
            break
        if word in _english():
            return False
        if word in _native():
            return True
    return False


def _speaks_cebuano(ids: IntArray, tokens: Sequence[str]) -> bool:
    is_cebuano = np.array([token in _cebuano() for token in tokens], dtype=bool)
    return bool(is_cebuano[ids].mean() >= _CEBUANO_SHARE)


@cache
def _cebuano() -> frozenset[str]:
    return listed("cebuano") - listed("tagalog") - listed("english")


@cache
def _native() -> frozenset[str]:
    return (listed("cebuano") | listed("tagalog")) - listed("english")


@cache
def _english() -> frozenset[str]:
    return listed("english") - listed("cebuano") - listed("tagalog")
