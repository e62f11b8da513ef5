"""The stop words of three languages and of the classroom in text messages' spellings too; some of other languages."""

import re
from functools import cache
from importlib import resources

STOP_WORD_LISTS = ("english", "cebuano", "tagalog", "education")
# Cebuano and Tagalog are spelled by ear: the same word with e or i, o or u, y or i, j or y, q or k.
_BY_EAR = ("cebuano", "tagalog")
# Short forms of words that begin a list of their own: "ako" + "ng", "siya" + "y".
_CLITICS = ("'ng", "'y", "'g", "'t", "'s", "'k", "'m", "ng", "y", "g")
# Shorter ones meet words that mean something ("amoy", "day", "run", "gpa"); their spellings stand in the lists.
_SHORTEST_BASE = {"ng": 3, "y": 4, "g": 4}
_SHORTEST_BY_EAR = 4
_SHORTEST_SKELETON = 4
# English words that sound like a stop word ("noon", "hong").
_OTHERS = frozenset({"noun", "hung"})
# With these a word of English or Spanish may begin ("play", "skin"), so that no vowel was left out.
_ONSETS = (
    "bl",
    "br",
    "ch",
    "cl",
    "cr",
    "dr",
    "fl",
    "fr",
    "gl",
    "gr",
    "kl",
    "kr",
    "ph",
    "pl",
    "pr",
    "sc",
    "sh",
    "sk",
    "sl",
    "sm",
    "sn",
    "sp",
    "st",
    "sw",
    "th",
    "tr",
    "tw",
    "wh",
    "wr",
)
_VOWELS = re.compile("[aeiou]")
_STRETCHED = re.compile(r"(.)\1{2,}")


@cache
def stop_words() -> frozenset[str]:
    """Read the stop words of all lists, lower case, apostrophes straight; once a process."""
    return frozenset(word for name in STOP_WORD_LISTS for word in _read(name))


def is_function_word(word: str) -> bool:
    """Tell whether a word is a stop word: as it is, with a clitic, stretched, or as text messages spell it."""
    return any(_is_listed(form) for form in unstretched(word))


def unstretched(word: str) -> tuple[str, ...]:
    """Give a word, and if a letter stands three times or more, also the word with that letter twice and once."""
    if not _STRETCHED.search(word):
        return (word,)
    return (word, _STRETCHED.sub(r"\1\1", word), _STRETCHED.sub(r"\1", word))


def _is_listed(word: str) -> bool:
    if word in stop_words() or word in _skeletons() or (word not in _OTHERS and _by_ear(word) in _heard()):
        return True
    for clitic in _CLITICS:
        base = word.removesuffix(clitic)
        if base != word and (
            (clitic[0] == "'" and (base in stop_words() or _by_ear(base) in _heard()))
            or (clitic[0] != "'" and len(base) >= _SHORTEST_BASE[clitic] and base[-1] in "aeiou" and base in _native())
        ):
            return True
    return False


@cache
def native_words() -> frozenset[str]:
    """Give the stop words of Cebuano and Tagalog that are none of English."""
    return _native() - listed("english")


@cache
def english_words() -> frozenset[str]:
    """Give the stop words of English that are none of Cebuano or Tagalog."""
    return frozenset(_read("english")) - _native()


@cache
def foreign_words() -> frozenset[str]:
    """Give the commonest function words of Spanish, Hindi, Vietnamese and Indonesian.

    They are stop words only of a batch that holds many: "los angeles" stands in an English one.
    """
    return listed("foreign")


@cache
def listed(name: str) -> frozenset[str]:
    """Give the words of one list: a name of `STOP_WORD_LISTS`, or "foreign"."""
    return frozenset(_read(name))


def _read(name: str) -> list[str]:
    folder = resources.files("worker.topics.words") / "stop_words"
    return (folder / f"{name}.txt").read_text(encoding="utf-8").split()


@cache
def _native() -> frozenset[str]:
    return frozenset(word for name in _BY_EAR for word in _read(name))


@cache
def _heard() -> frozenset[str]:
    return frozenset(heard for word in _native() if len(heard := _by_ear(word)) >= _SHORTEST_BY_EAR)


@cache
def _skeletons() -> frozenset[str]:
    """Spell the words without some of their vowels, as text messages do: "talaga" is "tlaga", "tlga"."""
    spelled = set()
    for word in _native():
        if word.isalpha() and len(word) > _SHORTEST_SKELETON - 1:
            inner = word[1:-1]
            spelled.add(word[0] + _VOWELS.sub("", inner) + word[-1])
            spelled.add(word[0] + _VOWELS.sub("", inner, count=1) + word[-1])
    return frozenset(word for word in spelled if len(word) >= _SHORTEST_SKELETON and _lacks_a_vowel(word))


def _lacks_a_vowel(word: str) -> bool:
    return not _VOWELS.search(word[:2]) and word[1] != "y" and word[:2] not in _ONSETS


def _by_ear(word: str) -> str:
    return word.replace("j", "y").replace("q", "k").replace("e", "i").replace("o", "u")
