"""Where what MLflow is told goes: nowhere unless MLFLOW_TRACKING_URI is set."""

import importlib.util
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import structlog

from worker.contract.envelope import Batch
from worker.contract.result import Document
from worker.contract.tuning_envelope import Tuning
from worker.settings import Settings
from worker.tracking.run import TRACKED, parameters_of

log = structlog.get_logger()

# Takes the name of a line of the log, what happened, and what to do.
Tell = Callable[[str, str, str], None]

INSTALL: Final = "install topic-model-worker[tracking], or unset MLFLOW_TRACKING_URI"


@dataclass(frozen=True)
class TrackedJob:
    """A job as it begins.

    Attributes:
        kind: of job.
        job_id: of the job.
        n_items: of its request.
        parameters: of its request.
        pipeline_id: of the API; None for none.
        run_id: of the API; None for none.
        began_s: Unix time.
        began_monotonic_s: on the clock that never jumps.
    """

    kind: str
    job_id: str
    n_items: int
    parameters: dict[str, str]
    pipeline_id: str | None
    run_id: str | None
    began_s: float = field(default_factory=time.time)
    began_monotonic_s: float = field(default_factory=time.monotonic)


class Tracking:
    """Where runs go; this one tells nobody."""

    def begin(self, kind: str, job_id: str, request: object) -> TrackedJob | None:
        """Note that a job begins; None if it is not tracked. Never raises, never waits."""
        return None

    def on_delivered(self, job: TrackedJob | None, document: Document) -> None:
        """Send a completed job on its way to MLflow, once its result is delivered. Never raises, never waits."""

    def close(self, wait_s: float) -> None:
        """Wait so long, in seconds, for what is on its way, then drop it."""


def tracked_job(kind: str, job_id: str, request: object) -> TrackedJob | None:
    """Note a job of a kind that is tracked; None for another."""
    if kind not in TRACKED or not isinstance(request, Batch | Tuning):
        return None
    ids = request.correlation
    return TrackedJob(kind, job_id, request.n_items, parameters_of(request), ids.pipeline_id, ids.run_id)


def tell_in_log(event: str, reason: str, hint: str) -> None:
    """Write a warning into the worker's log."""
    log.warning(event, reason=reason, hint=hint)


def start_tracking(settings: Settings, tell: Tell = tell_in_log) -> Tracking:
    """Give where runs go, by the settings; without MLFLOW_TRACKING_URI nothing is imported and nothing is sent.

    MLflow itself is imported in no process but the one that sends.
    """
    if not settings.mlflow_tracking_uri.get_secret_value():
        return Tracking()
    if importlib.util.find_spec("mlflow") is None:
        tell("tracking_off", "MLflow is not installed", INSTALL)
        return Tracking()
    from worker.tracking.sending import MlflowTracking

    return MlflowTracking(settings, tell)
