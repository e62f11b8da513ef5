"""What a label is: which names of a language model's answer are taken, and what becomes of two that are equal."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

MAX_CHARS: Final = 60
MOST_WORDS: Final = 4
# Nothing that a browser, a terminal or a reader could take for more than a name.
_MARKUP: Final = re.compile(r"[<>{}\[\]`|\\]")
_ADDRESS: Final = re.compile(r"://|\bwww\.|@|\w\.(?:com|edu|gov|io|net|org|ph)\b", re.IGNORECASE)
# Four digits, also with a space or a mark between them; or a long word with a digit, as a UUID has.
_ID: Final = re.compile(r"\d(?:\W?\d){3}|\b(?=\w*\d)\w{8,}")


@dataclass(frozen=True)
class Unnamed:
    """A topic that has no label yet.

    Attributes:
        number: its `topicIndex`.
        keywords: best first.
        samples: typical comments.
    """

    number: int
    keywords: Sequence[str]
    # Not in the repr: a traceback or a log must show nobody's words.
    samples: Sequence[str] = field(default=(), repr=False)


def is_label(text: str) -> bool:
    """Tell whether a text can be a label: 1 to 60 printable characters, with a letter, and no address, id or markup."""
    return (
        0 < len(text) <= MAX_CHARS
        and text.isprintable()
        and text == text.strip()
        and any(map(str.isalpha, text))
        and not any(pattern.search(text) for pattern in (_MARKUP, _ADDRESS, _ID))
    )


def settled(proposed: Mapping[int, str], topics: Sequence[Unnamed], taken: Iterable[str]) -> dict[int, str]:
    """Take the proposed labels that are fit to be labels; one that another topic has gets the first keyword added.

    Args:
        proposed: by the topic's number.
        topics: that were sent; what is proposed for any other is dropped.
        taken: labels of other topics.

    Returns:
        By the topic's number; those without a fit label are left out.
    """
    used, labels = {label.casefold() for label in taken}, dict[int, str]()
    for topic in topics:
        label = proposed.get(topic.number, "").strip(" ")
        if not is_label(label) or len(label.split()) > MOST_WORDS:
            continue
        for candidate in (label, *(f"{label} ({word})" for word in topic.keywords[:1])):
            if candidate.casefold() not in used and is_label(candidate):
                used.add(candidate.casefold())
                labels[topic.number] = candidate
                break
    return labels
