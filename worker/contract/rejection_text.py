"""The text of a rejection: the broken rules of one envelope, counted, the first few in words; `rules` words its own."""

from collections.abc import Mapping
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

MAX_PLACES: Final = 5
# No further item is read after this many flaws: a list of ten million nulls would take a minute to count.
ENOUGH_FLAWS: Final = 100_000

_MESSAGES: Final[Mapping[str, str]] = {
    "missing": "is required",
    "model_type": "must be an object",
    "list_type": "must be an array",
    "string_type": "must be a string",
    "string_too_short": "must not be empty",
    "string_unicode": "must be valid Unicode, but holds half of a surrogate pair",
}
# Errors that the rules raise in their own words.
_OWN_TYPES: Final = frozenset(
    {"version", "type", "count", "flag", "embedding", "number", "threshold", "aspects", "stop_words", "grid"}
    | {"tenant", "model_version"}
)


class Flaws:
    """Counts the broken rules and words the first few."""

    def __init__(self) -> None:
        self.n_found = 0
        self._is_complete = True
        self._places: list[str] = []

    @property
    def are_enough(self) -> bool:
        """Whether so many were found that the rest of the items need not be read."""
        return self.n_found >= ENOUGH_FLAWS

    def add(self, place: str, message: str) -> None:
        """Note one broken rule."""
        self.n_found += 1
        if len(self._places) < MAX_PLACES:
            self._places.append(f"{place}: {message}")

    def add_all(self, error: ValidationError, at: str) -> None:
        """Note every rule that pydantic found broken in the value at `at`."""
        if len(self._places) == MAX_PLACES:  # only the number is wanted from here on
            self.n_found += error.error_count()
            return
        for details in error.errors(include_url=False, include_input=False):
            self.add(_place(details, at), _message(details))

    def stop_counting(self) -> None:
        """Note that the rest was not read, so that the line says "at least"."""
        self._is_complete = False

    def line(self) -> str:
        """Name the first places and count the others; bounded, as places and messages are."""
        more = self.n_found - len(self._places)
        at_least = "" if self._is_complete else "at least "
        rest = [f"… and {at_least}{more} more"] if more else []
        return "Invalid envelope: " + "; ".join(self._places + rest)


def _place(details: ErrorDetails, at: str) -> str:
    parts = ([at] if at else []) + [str(part) for part in details["loc"]]
    entry = details.get("ctx", {}).get("entry")
    return (".".join(parts) or "job.data") + ("" if entry is None else f"[{entry}]")


def _message(details: ErrorDetails) -> str:
    # Never pydantic's own words as a fallback: they may quote the input.
    own = details["msg"] if details["type"] in _OWN_TYPES else "is not valid"
    return _MESSAGES.get(details["type"], own)


_Model = TypeVar("_Model", bound=BaseModel)


def validate(model: type[_Model], value: object, flaws: Flaws, at: str) -> _Model | None:
    """Validate `value`, or note each broken rule in `flaws` and give `None`.

    Args:
        model: the rules.
        value: any JSON value.
        flaws: is added to.
        at: the place of the value in the envelope, such as `items[3]`; "" for its root.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        flaws.add_all(error, at)
        return None
