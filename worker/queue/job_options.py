"""Options of a job that a producer may write and that this BullMQ library cannot carry out."""

import math
from typing import Any

# For a job that names a backoff that only its producer knows.
BACKOFF_MS = 5_000
BUILT_IN_BACKOFFS = ("fixed", "exponential")
# What BullMQ's scripts can compare.
MAX_INTEGER = 2**53


def replace_unusable_options(options: dict[str, Any]) -> list[str]:
    """Replace what would keep a job's end from being recorded: the job would be run for ever.

    Args:
        options: of the job, as they came; changed in place.

    Returns:
        The names of the options that were replaced. No attempts, or 0 of them, is what BullMQ writes
        for a producer that sets none, and means one: it is not named.
    """
    usable: dict[str, Any] = {
        "attempts": _attempts(options.get("attempts")),
        "backoff": _backoff(options.get("backoff")),
    }
    for name in ("removeOnComplete", "removeOnFail"):
        if name in options:
            usable[name] = _keep(options[name])
    if "stackTraceLimit" in options:
        limit = _number(options["stackTraceLimit"])
        usable["stackTraceLimit"] = None if limit is None else int(limit)
    replaced = [name for name, value in usable.items() if options.get(name) != value]
    if options.get("attempts", 0) == 0 and not isinstance(options.get("attempts"), bool):
        replaced.remove("attempts")
    options.update(usable)
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


def _keep(value: object) -> object:
    """Read how many finished jobs to keep; what cannot be read keeps them all."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, dict):
        kept = {name: _number(value[name]) for name in ("age", "count", "limit") if value.get(name) is not None}
        return False if None in kept.values() else kept
    number = _number(value)
    return False if number is None else int(number)


def _number(value: object) -> int | float | None:
    """Read a number as Node would compare with it; None if it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    if not math.isfinite(number) or not 0 <= number <= MAX_INTEGER:
        return None
    return int(number) if number.is_integer() else number
