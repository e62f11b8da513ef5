"""What the client answers: of a job that was enqueued, found, or cancelled, how far it is, and its result."""

from dataclasses import dataclass
from typing import Any, Literal, TypedDict, cast

from topic_model_client.envelope import Kind
from topic_model_client.errors import UnexpectedResult
from topic_model_client.results import Result, TuneResult

CancelAnswer = Literal["removed", "requested", "ended", "unknown"]


@dataclass(frozen=True)
class Enqueued:
    """What `enqueue` gives: the job's id, and whether an earlier call had added the job."""

    job_id: str
    reused: bool


@dataclass(frozen=True)
class Found:
    """A job that Redis holds, and its state as BullMQ names it."""

    job_id: str
    state: str


class _Left(TypedDict, total=False):
    leftS: float


class Progress(_Left):
    """How far a job was at `at`; `leftS` is how many seconds were left then, if that can be told."""

    stage: str
    percent: int
    at: str


def checked(job_id: str, kind: Kind, value: Any) -> Result | TuneResult:
    """Give what a job has returned as a result.

    Raises:
        UnexpectedResult: it is none.
    """
    match value:
        case {"status": "completed", "trials": list(), "best": dict()} if kind == "topic-model.tune":
            return cast(TuneResult, value)
        case {"status": "completed", "topics": list(), "assignments": list()} if kind != "topic-model.tune":
            return cast(Result, value)
        case {"status": "failed", "error": str()} | {"status": "skipped", "reason": str()}:
            return cast(Result, value)
    raise UnexpectedResult(job_id, f"job {job_id} has returned what is no result of a topic-model worker")
