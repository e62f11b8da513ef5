"""Which words are forms of one another: plurals, affixes of Cebuano and Tagalog, other spellings.

A form counts only beside its stem: "matagal" is a form of "tagal" if the batch says "tagal" too. So a
prefix is never taken from a word that happens to begin with it.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain

from worker.topics.words.function_words import unstretched

# Below this many characters a final "s" is part of the word ("bus", "this").
_SHORTEST_PLURAL = 4
_SHORTEST_STEM = 4
# The last letters of "ing", "ed" and "ly".
_LAST_OF_ENDINGS = "gdy"
# Distinct words whose forms are remembered across batches.
_REMEMBERED = 100_000
_JOINERS = str.maketrans("", "", "-'.")
_VOWELS = "aeiou"
# Longest first, so that the first stem that is found is the one that most of the word explains.
_PREFIXES = (
    *(
        "nakakapag",
        "makakapag",
        "nakapag",
        "makapag",
        "pinaka",
        "nakaka",
        "makaka",
        "pagka",
        "nagka",
        "magka",
        "napaka",
    ),
    *(
        "gipa",
        "gika",
        "mipa",
        "maka",
        "naka",
        "naga",
        "maga",
        "nang",
        "mang",
        "pang",
        "gina",
        "mag",
        "nag",
        "pag",
        "tag",
    ),
    *("tig", "ipa", "gi", "ga", "ka", "ma", "na", "pa", "mi", "ni", "mu", "mo"),
)
_PREFIXES_BY_LETTER = {letter: tuple(p for p in _PREFIXES if p[0] == letter) for letter in "gimnpkt"}
_SUFFIXES = ("han", "hon", "hin", "an", "on", "un", "in")
_SHORTEST_BEFORE_SUFFIX = 5
# A verb of the action that has begun has "na", of the one that is meant or asked for "ma": "nakat-on", "makat-on".
# Of shorter words English has such pairs: "nature", "mature".
_SHORTEST_BEGUN = 7
# Of English words with such letters behind the first: "finish" is no form of "fish", "minute" none of "mute".
_ENGLISH_ENDINGS = ("al", "ance", "e", "er", "ic", "ing", "ity", "or", "sh", "te", "ti", "tion")


def families(words: Iterable[str], *, native: bool = True) -> dict[str, str]:
    """Give each word the first, by the alphabet, of those that are forms of the same word.

    Args:
        words: all words of a batch, lower case; the order does not matter.
        native: whether affixes of Cebuano and Tagalog count; in English "migrant" is no form of "grant".
    """
    spelled = sorted(set(words))
    plain = {word: _plain(word) for word in spelled}
    known = set(plain.values())
    stems = {own: _stem(own, known, native=native) for own in sorted(known)}
    first: dict[str, str] = {}
    found = {}
    for word in spelled:
        stem = stems[plain[word]]
        if stem == plain[word] and len(forms := unstretched(word)) > 1:
            shorter = next((own for own in map(_plain, forms[1:]) if own in known and own != stem), stem)
            stem = stems[shorter]
        found[word] = first.setdefault(stem, word)
    return found


def singular(word: str) -> str:
    """Give an English plural's singular; any other word as it is."""
    if word[-1:] != "s" or len(word) < _SHORTEST_PLURAL or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > _SHORTEST_PLURAL:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "sses", "xes", "zzes")):
        return word[:-2]
    return word[:-1].rstrip("'")


@lru_cache(_REMEMBERED)
def _plain(word: str) -> str:
    """Give a word without what spelling alone decides: hyphens, the plural, o or u and e or i in native words."""
    if word.isalpha():
        return _folded(singular(word))
    return _folded(singular(word.removeprefix("i-")).translate(_JOINERS) or word)


def _folded(word: str) -> str:
    if len(word) <= _SHORTEST_STEM:
        return word.replace("o", "u") if len(word) == _SHORTEST_STEM and word[-1] in "aiou" else word
    if word.endswith("ie"):
        return word[:-2] + "y"
    if word[-1] in "aiou":
        return word.replace("o", "u").replace("e", "i")
    return word[:-1] + "i" if word[-1] == "e" else word


def _stem(word: str, known: set[str], *, native: bool) -> str:
    while True:
        forms = _native_forms(word) if native else _english_forms(word)
        shorter = next((form for form in forms if form in known), None)
        if shorter is None:
            return word
        word = shorter


@lru_cache(_REMEMBERED)
def _native_forms(word: str) -> tuple[str, ...]:
    forms = map(_folded, chain(_english(word), _native(word)))
    return tuple(form for form in dict.fromkeys(forms) if form != word)


@lru_cache(_REMEMBERED)
def _english_forms(word: str) -> tuple[str, ...]:
    if word[-1] not in _LAST_OF_ENDINGS:
        return ()
    return tuple(form for form in map(_folded, _english(word)) if form != word)


def _native(word: str) -> Iterator[str]:
    """Take one affix of Cebuano or Tagalog from a word in each way that there is, or change the aspect of a verb."""
    yield from _without_prefix(word)
    for single in _without_repetition(word):
        yield from (single, f"{word[0]}um{single[1:]}", f"{word[0]}in{single[1:]}")
    if _has_infix(word):
        rest = word[0] + word[3:]
        for single in _without_repetition(rest):
            yield from (single, word[:3] + single[1:])
        yield rest
    if word.startswith("na") and len(word) >= _SHORTEST_BEGUN and not word.endswith("ing"):
        yield "m" + word[1:]
    if word.endswith("ng") and word[-3:-2] in _VOWELS and len(word) - 2 >= _SHORTEST_STEM:
        yield word[:-2]
    for suffix in _SUFFIXES if word[-1] == "n" else ():
        if word.endswith(suffix) and len(word) - len(suffix) >= _SHORTEST_BEFORE_SUFFIX:
            yield word[: -len(suffix)]


def _without_prefix(word: str) -> Iterator[str]:
    for prefix in _PREFIXES_BY_LETTER.get(word[0], ()):
        rest = word.removeprefix(prefix)
        if rest != word and len(rest) >= _SHORTEST_STEM:
            yield rest
            for single in _without_repetition(rest):
                yield from (single, prefix + single)


def _has_infix(word: str) -> bool:
    """Tell whether "um" or "in" may stand behind a word's first letter, as in "gumana" and "ginamit"."""
    return (
        word[1:3] in ("um", "in")
        and word[3:4] in _VOWELS
        and word[0] not in _VOWELS
        and len(word) - 2 >= _SHORTEST_STEM
        and not word.endswith(_ENGLISH_ENDINGS)
    )


def _without_repetition(word: str) -> Iterator[str]:
    """Take a repeated first syllable away: "tuturo" is "turo"."""
    if word[:2] == word[2:4] and len(word) - 2 >= _SHORTEST_STEM:
        yield word[2:]


def _english(word: str) -> Iterator[str]:
    for ending, shortest in (("ing", 3), ("ed", 3), ("ly", 5)) if word[-1] in _LAST_OF_ENDINGS else ():
        rest = word.removesuffix(ending)
        if rest == word or len(rest) < shortest:
            continue
        stems = [rest]
        if ending != "ly":
            # "rated" comes of "rate" and not of "rat", "explained" of "explain".
            stems.insert(0 if rest[-1] not in _VOWELS and rest[-2] in _VOWELS else 1, rest + "e")
            if rest[-1] == rest[-2]:
                stems.append(rest[:-1])
        yield from stems
