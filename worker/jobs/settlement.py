"""What becomes of an attempt: a pure decision, carried out elsewhere."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from worker.contract.envelope import Rejection, Skip
from worker.contract.result import Document, failed, skipped
from worker.errors import ComputeCancelled, ComputeTimedOut, ModelUnavailable, WorkerError
from worker.jobs.kind import JobKind, Request

MAX_REASON_CHARS = 500


@dataclass(frozen=True)
class Complete:
    """Deliver this document as the job's return value."""

    document: Document


@dataclass(frozen=True)
class Fail:
    """Raise, so that BullMQ counts the attempt and retries; `reason` is one line of UTF-8."""

    reason: str
    timed_out: bool = False


@dataclass(frozen=True)
class HandBack:
    """Put the job back without spending an attempt: we are stopping, or can compute nothing any more."""


@dataclass(frozen=True)
class LetGo:
    """Do nothing: the job is no longer ours."""

    reason: str


Settlement = Complete | Fail | HandBack | LetGo
HANDED_BACK = "the worker is stopping"
# The error of a job that a person stopped; the contract's word.
CANCELLED = "Cancelled"


def settle(
    kind: JobKind[Any], request: Request | Rejection | Skip, outcome: object | BaseException | None, *, now: datetime
) -> Settlement:
    """Decide what becomes of an attempt.

    Args:
        kind: of the job.
        request: what the envelope was read as.
        outcome: what the task gave, or the exception that ended it; None if none was run.
        now: for `completedAt`.
    """
    if isinstance(request, Rejection):
        return Complete(failed(request.error, now=now))
    if isinstance(request, Skip):
        return Complete(skipped(request.reason, now=now))
    if outcome is None or isinstance(outcome, BaseException):
        return _undone(outcome, now)
    try:
        return Complete(kind.respond(request, outcome, now))
    except WorkerError as error:  # an outcome that contradicts itself: a bug of the engine
        return Fail(one_line(error))


def _undone(outcome: BaseException | None, now: datetime) -> Settlement:
    """Decide about a job whose task gave nothing."""
    if outcome is None:
        return Fail("a bug: the computing had no outcome")
    if isinstance(outcome, ModelUnavailable):
        return HandBack()
    if isinstance(outcome, ComputeCancelled):
        if outcome.reason == CANCELLED:
            return Complete(failed(CANCELLED, now=now))
        return HandBack() if outcome.reason == HANDED_BACK else LetGo(outcome.reason)
    return Fail(one_line(outcome), timed_out=isinstance(outcome, ComputeTimedOut))


def one_line(error: BaseException) -> str:
    """Put an exception into one line for `failedReason`; one not ours by its type alone, as its text may hold data."""
    text = str(error) if isinstance(error, WorkerError) else f"a bug: {type(error).__name__}"
    return " ".join(text.encode("utf-8", "replace").decode().split())[:MAX_REASON_CHARS]
