"""Texts without anyone's words, from which the engine makes the same topics.

What the engine sees of a text is its words, which of them are stop words or plurals of each
other, and its place among the sorted texts. All of that is kept; the words are not.
"""

import itertools
import re
import unicodedata
from collections.abc import Mapping, Sequence

from worker.topics.words.vocabulary import normalized, replace_words, singular, stop_words, tokenize

# Neither can make a word that ends like a
# plural, whatever follows: no s, x, z, h, and no syllable in i or u before a final s.
_CONSONANTS = "bdfgklmnprtv"
_VOWELS = "aeo"
_SYLLABLES = ["".join(pair) for pair in itertools.product(_CONSONANTS, _VOWELS)]
_MARKED = re.compile(r"\x00(\d+)\x00")


def redact_texts(texts: Sequence[str], seeds: Sequence[str] = ()) -> tuple[list[str], list[str]]:
    """Replace each word but stop words by a pseudonym, the same one wherever the word stands.

    Only the place of its singular in the alphabet decides a word's pseudonym; plurals stay plurals.
    Each text begins with its number among the sorted texts, which is no word to the engine and
    keeps the order that equal scores are decided by. Letters outside of words become x, digits 0.

    Args:
        texts: (n,) any strings.
        seeds: words or phrases that are looked for in the texts.

    Returns:
        The redacted texts and the redacted seeds, in their order.
    """
    pseudonyms = make_pseudonyms([word for text in (*texts, *seeds) for word in tokenize(text)])
    ranks = {text: rank for rank, text in enumerate(sorted(set(texts)))}
    width = len(str(max(len(ranks) - 1, 0)))
    redacted = [f"{ranks[text]:0{width}} {_redact(text, pseudonyms)}" for text in texts]
    return redacted, [_redact(seed, pseudonyms) for seed in seeds]


def make_pseudonyms(words: Sequence[str]) -> dict[str, str]:
    """Name words anew: pronounceable, no stop word, singulars sorted like theirs, plurals like their plurals."""
    families: dict[str, list[str]] = {}
    for word in sorted(set(words)):
        families.setdefault(singular(word), []).append(word)
    names = _names(len(families))
    pseudonyms: dict[str, str] = {}
    for name, stem in zip(names, sorted(families), strict=True):
        plurals = [word for word in families[stem] if word != stem]
        # An apostrophe more for each further spelling of the plural; it sorts before the letter.
        endings = sorted("'" * count + "s" for count in range(len(plurals)))
        pseudonyms |= {word: name + ending for word, ending in zip(plurals, endings, strict=True)}
        pseudonyms |= {word: name for word in families[stem] if word == stem}
    return pseudonyms


def _names(count: int) -> list[str]:
    """Make names of equal length, in alphabetical order."""
    taken = stop_words()
    n_syllables = 3
    while len(_SYLLABLES) ** n_syllables < 2 * count + len(taken):
        n_syllables += 1
    step = max(1, (len(_SYLLABLES) ** n_syllables - 2 * len(taken)) // max(count, 1))
    names: list[str] = []
    number = 0
    while len(names) < count:
        name = _spell(number, n_syllables)
        if name in taken or name + "s" in taken:
            number += 1
            continue
        names.append(name)
        number += step
    return names


def _spell(number: int, n_syllables: int) -> str:
    syllables = []
    for _ in range(n_syllables):
        number, digit = divmod(number, len(_SYLLABLES))
        syllables.append(_SYLLABLES[digit])
    return "".join(reversed(syllables))


def _redact(text: str, pseudonyms: Mapping[str, str]) -> str:
    ignored = stop_words()
    kept: list[str] = []

    def mark(word: str) -> str:
        kept.append(word if word in ignored else pseudonyms[word])
        return f"\x00{len(kept) - 1}\x00"

    # Words are set aside first, so that what is left is known to be none.
    marked = replace_words(text.replace("\x00", " "), mark)
    parts = _MARKED.split(marked)
    return "".join(kept[int(part)] if position % 2 else _blank(part) for position, part in enumerate(parts))


def _blank(rest: str) -> str:
    return "".join(map(_blank_character, normalized(rest)))


def _blank_character(char: str) -> str:
    if char.isdigit() or char.isnumeric():
        return "0"
    if char.isalpha():
        return "x"
    # A combining mark belongs to a letter of some script, and splits words where it stands.
    return "." if unicodedata.category(char).startswith("M") else char
