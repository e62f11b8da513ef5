"""Options of a job that a producer may write and that this BullMQ library cannot carry out."""

import math
from typing import Any

# Where a job names a backoff that only its producer knows.
BACKOFF_MS = 5_000
BUILT_IN_BACKOFFS = ("fixed", "exponential")


def mend_options(options: dict[str, Any]) -> list[str]:
    """Replace what would keep a failed attempt from being recorded, so that the job were tried for ever.

    Args:
        options: of the job, as they came; changed in place.

    Returns:
        The names of the options that were replaced.
    """
    mended = {"attempts": _attempts(options.get("attempts")), "backoff": _backoff(options.get("backoff"))}
    replaced = [name for name, value in mended.items() if options.get(name) != value]
    options.update(mended)
    return replaced


def _attempts(value: object) -> int:
    number = _number(value)
    return 1 if number is None else max(1, int(number))


def _backoff(value: object) -> dict[str, Any] | None:
    if not value:
        return None
    given = value if isinstance(value, dict) else {"type": "fixed", "delay": value}
    delay = _number(given.get("delay"))
    if given.get("type") in BUILT_IN_BACKOFFS and delay is not None:
        return {**given, "delay": delay}
    return {"type": "fixed", "delay": BACKOFF_MS if delay is None else delay}


def _number(value: object) -> int | float | None:
    """Read a number as Node would compare with it; None where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    if not math.isfinite(number) or number < 0:
        return None
    return int(number) if number.is_integer() else number
