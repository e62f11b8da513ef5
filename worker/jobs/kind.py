"""What a kind of job is: all that the queue, the telemetry, the schema and the replay need to know of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, Protocol, Self, TypeVar

from worker.compute.tasks import Task
from worker.contract.envelope import Correlation, Rejection, Skip
from worker.contract.result import Document
from worker.labels.service import LabelService
from worker.settings import Settings
from worker.store.retention import KEEP_ALL, Retention

# The stage of every kind in which the envelope is read.
VALIDATE: Final = "validate"


class Request(Protocol):
    """A sound envelope of some kind."""

    @property
    def correlation(self) -> Correlation:
        """The ids for the logs."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """One line each, for people; no text, no embedding."""

    @property
    def n_items(self) -> int:
        """How many items the envelope has."""


@dataclass(frozen=True)
class Surroundings:
    """What a task needs to know beside its request.

    Attributes:
        job_id: of the job; a retry has the same.
        model_store: the URL of the model store.
        retention: how many versions it keeps of each tenant.
        labels: the language model that names topics; None for none.
    """

    job_id: str
    model_store: str
    retention: Retention = KEEP_ALL
    labels: LabelService | None = None

    @classmethod
    def of(cls, settings: Settings, job_id: str) -> Self:
        """Take what the operator has set."""
        return cls(job_id, settings.model_store, settings.retention, settings.label_service)


_Request = TypeVar("_Request", bound=Request)


@dataclass(frozen=True)
class JobKind(Generic[_Request]):
    """A kind of job.

    Attributes:
        name: the envelope's `type`, and the label of the metrics.
        stages: in order, "validate" first: at what percent of a usual job's time each begins.
        read: turns the envelope, any JSON value, into a request, or into a reason to do nothing; never raises.
        task: what the compute process is to run.
        respond: makes the job's return value of the request and of what the task gave.
            Raises `WorkerError` if the two contradict each other.
        summarize: what the log says of a completed job's return value; numbers, no text.
        reference: names the earlier job whose result a request needs; None if it needs none.
        refer: completes such a request: takes what that job returned, None for nothing, and gives the request with it.
        needs_engine: whether the task of a request fits or embeds anything. If not, `--once` loads no engine.
        definitions: the JSON Schema of request and result, by name, as under `$defs`.
    """

    name: str
    stages: Mapping[str, int]
    read: Callable[[object], _Request | Rejection | Skip]
    task: Callable[[_Request, Surroundings], Task]
    respond: Callable[[_Request, Any, datetime], Document]
    summarize: Callable[[Document], Mapping[str, object]]
    definitions: Callable[[], Mapping[str, Any]]
    reference: Callable[[_Request], str | None] = lambda _: None
    refer: Callable[[_Request, object], _Request] = lambda request, _: request
    needs_engine: Callable[[_Request], bool] = lambda _: True
