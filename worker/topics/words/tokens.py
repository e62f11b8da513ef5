"""Split a text into tokens, and tell what each is: a word, a function word, a negator, or a break between words."""

import re
from enum import IntEnum
from functools import lru_cache
from itertools import groupby, pairwise
from typing import Final

import regex

from worker.topics.words.cleaning import clean, clean_plain, without_markup
from worker.topics.words.function_words import is_function_word, unstretched
from worker.topics.words.negation import BARRIERS, NEGATORS
from worker.topics.words.noise import is_noise

LONGEST_TOKEN: Final = 40
# Distinct tokens whose kind is remembered across batches.
_REMEMBERED: Final = 200_000

# Scripts that put no space between words.
_SPACELESS = r"\p{Han}\p{Hiragana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
# The end of a Cebuano word after a glottal stop that is written as a dot: "but.an", "pangutan.on", "lis.od", "tin.aw".
_ENDINGS = "[aou]n(?:[ao]n?|un)?|aw(?:[ao]n)?|[ou]d|[ou]s|ay"
_GLOTTAL = rf"\.(?<=[bdghklmnpqrstwyñ]\.)(?:{_ENDINGS}|(?<=gab\.)i|(?<=bug\.)at|(?<=tam\.)is)\b"
# Possessive (++, *+): what was taken is never given back, so that a text is read in time linear in its length.
_ASCII = re.compile(rf"[a-z0-9_]++(?:['\-](?=[a-z0-9])[a-z0-9_]++|{_GLOTTAL})*+|[^\sa-z0-9_]++")
_UNICODE = regex.compile(
    rf"[{_SPACELESS}][{_SPACELESS}\p{{M}}ー]*+"
    rf"|(?:[[\p{{L}}\p{{M}}\p{{N}}_]--[{_SPACELESS}]])++"
    rf"(?:['\-](?=[\p{{L}}\p{{N}}])(?:[[\p{{L}}\p{{M}}\p{{N}}_]--[{_SPACELESS}]])++|{_GLOTTAL})*+"
    rf"|[^\s\p{{L}}\p{{M}}\p{{N}}_]++",
    regex.V1,
)
_IS_SPACELESS = regex.compile(rf"[{_SPACELESS}]")
_FIRST_SPACELESS = "\u0e00"
_CLUSTER = regex.compile(r"[เแโใไ]?\P{M}\p{M}*+")
_HAN = regex.compile(r"\p{Han}+")
# Chinese words of one character that carry no meaning of their own; each ends the word before it.
_HAN_FUNCTION: Final = frozenset(
    "的了是在很太也都就和我你他她它们這这那得地着过過嗎吗呢吧啊与與及把被让讓给給对對跟还還又再才会會能可有没個个不沒無无未别"
)
_LETTER = regex.compile(r"\p{L}")


class Kind(IntEnum):
    """What a token is to the counting of words."""

    BREAK = 0
    FUNCTION = 1
    CONTENT = 2
    NEGATOR = 3
    BARRIER = 4


def tokenize(text: str) -> list[str]:
    """Split a text into lower-case words without stop words, in their order."""
    return [word for word, kind in map(read_token, split(text)) if kind is Kind.CONTENT]


def split(text: str) -> list[str]:
    """Split a text into words, stop words included, and what else stands between them; white space is dropped."""
    return _split_clean(clean(text))


def pieces(text: str) -> list[str]:
    """Cut a text into pieces whose tokens, one piece after the other, are those of the text.

    They are what stands between white space, in lower case. A text with letters beyond ASCII is one piece: what they
    become depends on their neighbors.
    """
    plain = without_markup(text)
    return plain.lower().split() if plain.isascii() else [plain]


def split_piece(piece: str) -> list[str]:
    """Split a piece of a text as `split` splits the text."""
    if piece.isascii() and piece.isalnum():
        return [piece]
    return _split_clean(clean_plain(piece))


@lru_cache(_REMEMBERED)
def read_token(token: str) -> tuple[str, Kind]:
    """Give a token of `split` as it is counted, and its kind. Symbols, digits and overlong strings are breaks."""
    word = token.strip("_")
    if len(word) > LONGEST_TOKEN or not _LETTER.search(word):
        return word, Kind.BREAK
    forms = unstretched(word)
    if any(form in NEGATORS for form in forms):
        return word, Kind.NEGATOR
    if word in BARRIERS:
        return word, Kind.BARRIER
    if word in _HAN_FUNCTION or is_function_word(word):
        return word, Kind.FUNCTION
    if (len(word) == 1 and not _HAN.match(word)) or is_noise(word):
        return word, Kind.BREAK
    # The possessive is no part of the word: "iraq's" is "iraq".
    owner = word.removesuffix("'s")
    return owner if len(owner) > 1 else word, Kind.CONTENT


def is_han(word: str) -> bool:
    """Tell whether a word begins with a Chinese character; such words stand together without a space."""
    return _HAN.match(word) is not None


def _split_clean(cleaned: str) -> list[str]:
    if cleaned.isascii():
        return _ASCII.findall(cleaned)
    tokens: list[str] = _UNICODE.findall(cleaned)
    if max(cleaned) < _FIRST_SPACELESS:
        return tokens
    return [part for token in tokens for part in (_parts(token) if _IS_SPACELESS.match(token) else (token,))]


def _parts(run: str) -> list[str]:
    """Split a run of a script without spaces into pairs of characters that overlap, with breaks between them."""
    parts: list[str] = []
    held: list[str] = []
    for cluster in [*_CLUSTER.findall(run), ""]:
        if cluster and cluster not in _HAN_FUNCTION:
            held.append(cluster)
            continue
        for _, same in groupby(held, key=is_han):
            own = list(same)
            for pair in own if len(own) < 2 else map("".join, pairwise(own)):
                parts += (pair, ".")
        # A negator and a function word touch what follows.
        parts += (cluster,) if cluster else ()
        held = []
    return parts
