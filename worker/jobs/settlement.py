"""What becomes of an attempt: a pure decision, carried out elsewhere."""

from dataclasses import dataclass
from datetime import datetime

from worker.contract.envelope import Batch, Rejection
from worker.contract.result import Document, completed, failed, no_topics
from worker.errors import ComputeCancelled, ComputeTimedOut, ModelUnavailable, WorkerError
from worker.topics.fit import NoTopics, TopicFit

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


def settle(
    batch: Batch | Rejection, outcome: TopicFit | NoTopics | BaseException | None, *, now: datetime
) -> Settlement:
    """Decide what becomes of an attempt.

    Args:
        batch: what the envelope was read as.
        outcome: of the computing; None where the envelope was rejected.
        now: for `completedAt`.
    """
    if isinstance(batch, Rejection):
        return Complete(failed(batch.error, now=now))
    if isinstance(outcome, NoTopics):
        return Complete(no_topics(outcome, now=now))
    if isinstance(outcome, TopicFit):
        return _complete(batch, outcome, now)
    return _undone(outcome)


def _undone(outcome: BaseException | None) -> Settlement:
    """Decide about a batch whose computing came to no end."""
    if outcome is None:
        return Fail("a bug: the computing had no outcome")
    if isinstance(outcome, ModelUnavailable):
        return HandBack()
    if isinstance(outcome, ComputeCancelled):
        return HandBack() if outcome.reason == HANDED_BACK else LetGo(outcome.reason)
    return Fail(one_line(outcome), timed_out=isinstance(outcome, ComputeTimedOut))


def _complete(batch: Batch, fit: TopicFit, now: datetime) -> Settlement:
    try:
        return Complete(completed(batch, fit, now=now))
    except WorkerError as error:  # a fit that contradicts itself: a bug of the engine
        return Fail(one_line(error))


def one_line(error: BaseException) -> str:
    """Word an exception for `failedReason`; of a stranger's only the type, since its text may hold data."""
    text = str(error) if isinstance(error, WorkerError) else f"a bug: {type(error).__name__}"
    return " ".join(text.encode("utf-8", "replace").decode().split())[:MAX_REASON_CHARS]
