"""What a language model answered, read with suspicion: only labels are taken from it."""

import json
import re
from typing import Any, Final

_FENCED: Final = re.compile(r"```\w*\s*\n(.*?)\n?\s*```", re.DOTALL)
# The answer was cut, or kept back: half of it is worth nothing.
_CUT: Final = frozenset({"length", "content_filter"})


class NoAnswer(Exception):
    """There is no answer to take labels from; the message says why in words of our own, never in the server's."""


def read_answer(body: bytes) -> dict[int, str]:
    """Read the labels of a chat completion, by the index that the answer gives them; of two for one index the first.

    Raises:
        NoAnswer: it is no chat completion, was refused or cut, or holds no labels.
    """
    match _parsed(body, "its answer is not JSON"):
        case {"choices": [{"message": {"content": str(content), **message}, **choice}, *_]}:
            pass
        case _:
            raise NoAnswer("its answer holds no message")
    if choice.get("finish_reason") in _CUT:
        raise NoAnswer("its answer was cut short")
    if message.get("refusal"):
        raise NoAnswer("it refused to answer")
    text = content.strip()
    fenced = _FENCED.fullmatch(text)
    match _parsed(fenced[1] if fenced else text, "its message is not JSON"):
        case {"labels": list(items)}:
            return _labels(items)
        case _:
            raise NoAnswer("its message holds no labels")


def _labels(items: list[Any]) -> dict[int, str]:
    found: dict[int, str] = {}
    for item in items:
        match item:
            case {"index": index, "label": str(label)} if type(index) is int:  # to Python a bool is an int
                found.setdefault(index, label)
    return found


def _parsed(text: str | bytes, otherwise: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise NoAnswer(otherwise) from None
