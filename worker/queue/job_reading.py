"""Make each job that Redis holds one that BullMQ's client can read, and say what was wrong with it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from bullmq import Job

from worker.contract.json_text import NotJson, parse_json, parse_undecoded
from worker.operations.prometheus_metrics import Outcome
from worker.queue.job_options import replace_unusable_options

REMOVED: Final = "the job was removed while it ran"
_REASON_CHARS: Final = 200


@dataclass(frozen=True)
class Flaw:
    """Why a job fails for good without being computed.

    Attributes:
        outcome: what it is counted as.
        reason: one line, which becomes its `failedReason`.
    """

    outcome: Outcome
    reason: str


@dataclass(frozen=True)
class Reading:
    """A job as it was read.

    Attributes:
        fields: what BullMQ's client surely reads; the data are left out.
        data: of the job, parsed.
        flaw: why it cannot be computed; None if it can.
        replaced: names of options that could not be carried out as they came.
        n_bytes: of the data as Redis holds them.
    """

    fields: dict[str, str] = field(repr=False)
    data: object = field(repr=False, default_factory=dict)
    flaw: Flaw | None = None
    replaced: tuple[str, ...] = ()
    n_bytes: int = 0


def read_job(raw: Mapping[str, Any]) -> Reading:
    """Read the hash of a job; whatever it holds, this gives a reading.

    Args:
        raw: the hash, its strings as redis-py decodes them with `surrogateescape`; the data may be bytes.
    """
    values: dict[str, Any] = {}
    flaws: dict[str, str] = {}
    for name in filter(raw.__contains__, _READERS):
        try:
            values[name] = _READERS[name](raw[name])
        except (ValueError, NotJson) as error:
            flaws[name] = f"its {name} {error}"
        except MemoryError:
            flaws[name] = f"its {name} is too large for this worker's memory ({len(raw[name])} characters)"
    options = values.get("opts", {})
    replaced = replace_unusable_options(options)
    sound = {name: text for name, text in raw.items() if name not in flaws and name not in {"defa", "data"}}
    fields = {"timestamp": "1"} | sound | {"data": "{}", "opts": json.dumps(options)}
    return Reading(fields, values.get("data", {}), _flaw(raw, values, flaws), tuple(replaced), _n_bytes(raw))


def unreadable(raw: Mapping[str, Any], error: Exception) -> Reading:
    """Give a reading of a job that BullMQ's client cannot read for a reason that `read_job` does not know."""
    counters = {name: raw[name] for name in ("ats", "atm") if raw.get(name, "").isdecimal()}
    reason = f"BullMQ's client cannot read this job: {type(error).__name__}"
    fields = {"name": "unreadable", "timestamp": "1"} | counters
    return Reading(fields, flaw=Flaw(Outcome.UNREADABLE, reason), n_bytes=_n_bytes(raw))


def reading_of(job: Job) -> Reading:
    """Give how a job was read that `LibraryWorker` has picked up."""
    reading: Reading = getattr(job, "reading", Reading({}))
    return reading


def _n_bytes(raw: Mapping[str, Any]) -> int:
    text: str | bytes = raw.get("data", "")
    if isinstance(text, bytes):
        return len(text)
    # Telling whether it is ASCII costs nothing; encoding it would copy it.
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogateescape"))


def _flaw(raw: Mapping[str, Any], values: Mapping[str, Any], flaws: Mapping[str, str]) -> Flaw | None:
    if "name" not in raw or values.get("timestamp", 1) == 0 or "timestamp" not in raw:
        # What a stalled check makes of a job that was removed while it ran: a hash of counters.
        return Flaw(Outcome.LOST, REMOVED)
    if raw.get("defa"):
        return Flaw(Outcome.STALLED, _one_line(raw["defa"]))
    if flaws:
        return Flaw(Outcome.UNREADABLE, _one_line(f"this job cannot be read: {'; '.join(flaws.values())}", 1_000))
    return None


def _data(text: str | bytes) -> object:
    return parse_undecoded(text) if isinstance(text, bytes) else parse_json(text)


def _integer(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        raise ValueError("is not an integer") from None
    if abs(number) >= 2**63:
        raise ValueError("is out of range")
    return number


def _of_type(kind: type, what: str) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        value = parse_json(text)
        if not isinstance(value, kind):
            raise ValueError(f"is not {what}")
        return value

    return read


def _text(text: str) -> str:
    try:
        text.encode()
    except UnicodeError:
        raise ValueError("is not UTF-8 text") from None
    return text


def _one_line(text: str, n_chars: int = _REASON_CHARS) -> str:
    return " ".join(text.encode("utf-8", "replace").decode().split())[:n_chars]


# How BullMQ's client reads each field, strictly enough that what passes here passes there.
_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "name": _text,
    "data": _data,
    "opts": _of_type(dict, "a JSON object"),
    "timestamp": _integer,
    "progress": parse_json,
    "delay": _integer,
    "priority": _integer,
    "finishedOn": lambda text: _integer(text or "0"),
    "processedOn": lambda text: _integer(text or "0"),
    "ats": _integer,
    "atm": lambda text: _integer(text or "0"),
    "attemptsMade": lambda text: _integer(text or "0"),
    "stc": lambda text: _integer(text or "0"),
    "stacktrace": _of_type(list, "a JSON array"),
    "parent": _of_type(dict, "a JSON object"),
    "parentKey": _text,
    "rjk": _text,
}
