"""Break an envelope, and expect a batch or a rejection of it."""

from typing import Any

from worker.contract.envelope import Batch, Rejection, read_envelope

ABSENT = object()
HUGE_INT = 10**400


def put(envelope: dict[str, Any], path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    """Set (or, for `ABSENT`, delete) what is at `path`; changes `envelope` and gives it back."""
    target: Any = envelope
    for step in path[:-1]:
        target = target[step]
    if value is ABSENT:
        del target[path[-1]]
    else:
        target[path[-1]] = value
    return envelope


def error_of(data: object) -> str:
    """Expect a rejection, and give its message."""
    outcome = read_envelope(data)
    assert isinstance(outcome, Rejection), "expected a rejection"
    return outcome.error


def batch_of(data: object) -> Batch:
    """Expect a batch."""
    outcome = read_envelope(data)
    assert isinstance(outcome, Batch), outcome
    return outcome


ZEROS = [0.0] * 768
