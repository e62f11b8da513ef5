"""Texts without anyone's words, from which the engine makes the same topics.

What the engine sees of a text is its words, which of them are function words or forms of each
other, which stand side by side and which are denied, and the text's place among the sorted texts.
All of that is kept; the words are not.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence

from worker.topics.words.forms import families
from worker.topics.words.homographs import WAY
from worker.topics.words.phrases import Reading, read_texts
from worker.topics.words.tokens import LONGEST_TOKEN, Kind, read_token, tokenize

# Pseudonyms use these letters only. So none looks like a plural or a form of another, whatever follows: with "m" and
# "n", "bomada" would be a form of "babada", and "nabadaba" of "mabadaba".
_CONSONANTS = "bdfgklprtv"
_VOWELS = "aeo"
_SYLLABLES = ["".join(pair) for pair in itertools.product(_CONSONANTS, _VOWELS)]
_FEWEST_SYLLABLES = 3
# What stands for anything between two words that is neither a word nor white space.
_BREAK = "."


def redact_texts(
    texts: Sequence[str], seeds: Sequence[str] = (), stop_words: Sequence[str] = ()
) -> tuple[list[str], list[str]]:
    """Replace each word but function words by a pseudonym, the same one wherever the word stands.

    Only the place of its family in the alphabet decides a word's pseudonym; forms of one word stay forms
    of one word. Each text begins with its number among the sorted texts, which is no word to the engine and
    keeps the order that equal scores are decided by. Own stop words, symbols and digits become dots.

    Args:
        texts: (n,) any strings.
        seeds: words or phrases that are looked for in the texts.
        stop_words: own ones; the redacted texts need none.

    Returns:
        The redacted texts and the redacted seeds, in their order.
    """
    reading = read_texts(texts, stop_words)
    said = {reading.tokens[i] for i in reading.ids[reading.kinds == Kind.CONTENT].tolist()}
    sought = {word for seed in seeds for word in tokenize(seed)}
    pseudonyms = make_pseudonyms(sorted(said | sought), native=reading.is_native)
    ranks = {text: rank for rank, text in enumerate(sorted(set(texts)))}
    width = len(str(max(len(ranks) - 1, 0)))
    redacted = [
        " ".join((f"{ranks[text]:0{width}}", *_redacted(reading, start, end, pseudonyms)))
        for text, (start, end) in zip(texts, itertools.pairwise(reading.ends.tolist()), strict=True)
    ]
    return redacted, [" ".join(pseudonyms[word] for word in tokenize(seed)) for seed in seeds]


def make_pseudonyms(words: Sequence[str], *, native: bool = True) -> dict[str, str]:
    """Name words anew: pronounceable, no function word, families sorted like theirs, forms like their forms."""
    of_first: dict[str, list[str]] = {}
    for word, first in sorted(families(words, native=native).items()):
        of_first.setdefault(first, []).append(word)
    pseudonyms: dict[str, str] = {}
    for name, first in zip(_names(len(of_first)), sorted(of_first), strict=True):
        own = of_first[first]
        pseudonyms |= dict(zip(own, _forms(name, len(own)), strict=True))
    return pseudonyms


def _names(count: int) -> list[str]:
    """Make names of equal length, in alphabetical order."""
    n_syllables = _FEWEST_SYLLABLES
    while len(_SYLLABLES) ** n_syllables < 2 * count:
        n_syllables += 1
    # Spread over all that there are, with a reserve for those that are no content words.
    step = max(1, len(_SYLLABLES) ** n_syllables // (2 * max(count, 1)))
    spelled = (_spell(number, n_syllables) for number in itertools.count(0, step))
    return list(itertools.islice((name for name in spelled if read_token(name)[1] is Kind.CONTENT), count))


def _spell(number: int, n_syllables: int) -> str:
    syllables = []
    for _ in range(n_syllables):
        number, digit = divmod(number, len(_SYLLABLES))
        syllables.append(_SYLLABLES[digit])
    return "".join(reversed(syllables))


def _forms(name: str, count: int) -> list[str]:
    """Make so many forms of a name, sorted, the name first: with a stretched last letter, then as plurals too."""
    stretched = [name + name[-1] * more for more in (0, *range(2, LONGEST_TOKEN - len(name)))]
    forms = [*stretched, *(form + "s" for form in stretched)]
    # One word in more forms than that: the last ones are told apart no more.
    forms += forms[-1:] * (count - len(forms))
    return sorted(forms[:count])


def _redacted(reading: Reading, start: int, end: int, pseudonyms: Mapping[str, str]) -> Iterator[str]:
    """Give the tokens of one document: pseudonyms, function words as they are, dots."""
    for position in range(start, end):
        token, kind = reading.tokens[reading.ids[position]], reading.kinds[position]
        if kind == Kind.BREAK:
            yield _BREAK
            continue
        if kind != Kind.CONTENT:
            yield _unambiguous(token, is_negator=kind == Kind.NEGATOR)
            continue
        # A pseudonym is no adverb, which is denied with the word before it: it gets the negator for itself.
        if position > start and reading.denier[position] >= 0 and reading.kinds[position - 1] == Kind.CONTENT:
            yield _unambiguous(reading.tokens[reading.ids[reading.denier[position]]], is_negator=True)
        yield pseudonyms[token]


def _unambiguous(token: str, *, is_negator: bool) -> str:
    """Give a function word that is the same without the words around it, some of which have gone."""
    if token != WAY:
        return token
    return "wai" if is_negator else "ways"
