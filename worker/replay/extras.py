"""What a report can show beside the fit: a title, the mood of comments, and facets such as the teacher or the term.

Mood and facets are keys of the batch's items beside those of the contract. Only the report reads them.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from worker.replay.request import BadUsage, Request

PRAISE: Final = "praise"
COMPLAINT: Final = "complaint"
_OF_THE_CONTRACT: Final = frozenset({"submissionId", "text", "embedding"})
_PRAISES: Final = frozenset({"positive", "pos", "praise", "good"})
_COMPLAINS: Final = frozenset({"negative", "neg", "complaint", "bad"})
# A signed number this near to zero is neither.
_NEUTRAL: Final = 0.1
# Of the keys that items have, at most this many are named in an error.
_MOST_NAMED: Final = 12


@dataclass(frozen=True)
class Extras:
    """What a report shows beside the fit.

    Attributes:
        title: the title of the report; empty for the default one.
        moods: of each item "praise", "complaint" or neither (empty); empty if no key was given.
        facets: for each key the value of each item, as text; empty text for none.
    """

    title: str = ""
    moods: tuple[str, ...] = field(default=(), repr=False)
    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)


def read_extras(request: Request, data: object) -> Extras:
    """Read from a batch what a request wants to see in the report.

    Raises:
        BadUsage: no item has a key that is asked for, or a value of it, or its values tell no mood.
    """
    items = data.get("items") if isinstance(data, dict) else None
    items = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    facets = {key: tuple(map(_text, _values(items, key, "--facet"))) for key in request.facets}
    moods: tuple[str, ...] = ()
    if request.sentiment is not None:
        moods = _moods(_values(items, request.sentiment, "--sentiment"), request.sentiment)
    return Extras(request.title or "", moods, facets)


def _values(items: Sequence[Mapping[str, Any]], key: str, flag: str) -> list[Any]:
    values = [item.get(key) for item in items]
    if key in _OF_THE_CONTRACT:
        raise BadUsage(f"{flag} {key}: that is what the contract has; name a key of your own")
    if items and all(value is None for value in values):
        own = sorted({name for item in items for name in item} - _OF_THE_CONTRACT)[:_MOST_NAMED]
        there = f"there are {', '.join(own)}" if own else "they have no key beside the contract's"
        raise BadUsage(f"{flag} {key}: no item has this key; {there}")
    if items and all(value in (None, "") for value in values):
        raise BadUsage(f"{flag} {key}: no comment has a value there; name another one")
    return values


def _text(value: object) -> str:
    return "" if value is None or isinstance(value, dict | list) else str(value)


def _moods(values: Sequence[object], key: str) -> tuple[str, ...]:
    """Tell praise from complaint: by word, by sign, or by the side of the middle of a scale without negative values."""
    values = [_number(value) for value in values]
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    least, most = min(numbers, default=0), max(numbers, default=0)
    middle, width = (0.0, _NEUTRAL) if least < 0 else ((least + most) / 2, (most - least) / 10)
    moods = tuple(_mood(value, middle, width) for value in values)
    if values and not any(moods):
        raise BadUsage(f"--sentiment {key}: write positive or negative, a number from -1 to 1, or stars")
    return moods


def _number(value: object) -> object:
    """Read a number that stands as text, as in a table; anything else stays as it is."""
    try:
        number = float(value) if isinstance(value, str) else math.nan
    except ValueError:
        return value
    return number if math.isfinite(number) else value


def _mood(value: object, middle: float, width: float) -> str:
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, int | float):
        return PRAISE if value > middle + width else COMPLAINT if value < middle - width else ""
    word = str(value).strip().lower()
    return PRAISE if word in _PRAISES else COMPLAINT if word in _COMPLAINS else ""
