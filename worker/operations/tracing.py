"""Traces of jobs: what the queue tells of each attempt, and nobody to tell it to unless a collector is named."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from worker.settings import Settings
from worker.topics.fit import StageFinished, StageStarted

log = structlog.get_logger()


@dataclass(frozen=True)
class Attempt:
    """An attempt at a job, as it begins.

    Attributes:
        job_id: of the job.
        kind: of job.
        number: 1 for the first attempt.
        n_bytes: of the job's data as Redis holds them.
        options: of the job, as its producer wrote them; `tm` holds the producer's trace context.
    """

    job_id: str
    kind: str
    number: int
    n_bytes: int
    options: Mapping[str, Any] = field(default_factory=dict)


class JobTrace:
    """The trace of one attempt; this one tells nobody.

    Attributes:
        ids: what ties the log's lines to the trace.
    """

    def __init__(self) -> None:
        """Tell nobody."""
        self.ids: Mapping[str, str] = {}

    def on_request(self, n_items: int) -> None:
        """Note how many items the batch has."""

    def on_stage(self, event: StageStarted | StageFinished) -> None:
        """Note that a stage began or finished, now."""

    def on_error(self, reason: str) -> None:
        """Note that the attempt failed; `reason` is one line without a comment's text."""

    def end(self, outcome: str) -> None:
        """Note how the attempt left this worker."""


class Tracing:
    """Where traces go: nowhere."""

    def begin(self, attempt: Attempt) -> JobTrace:
        """Begin the trace of an attempt; never raises, never waits."""
        return NO_TRACE

    async def close(self) -> None:
        """Send what is left, for a short time."""


NO_TRACE: Final = JobTrace()


def start_tracing(settings: Settings) -> Tracing:
    """Give where traces go, by the settings; OpenTelemetry is imported only if a collector is named.

    A collector that cannot be used costs a warning: its variables are often set for all pods of a cluster at once.
    """
    if not settings.otlp_endpoint:
        return Tracing()
    try:
        from worker.operations.otlp import OtlpTracing

        return OtlpTracing(settings)
    except ImportError:
        hint = "install topic-model-worker[otel], or unset OTEL_EXPORTER_OTLP_ENDPOINT"
        log.warning("traces_off", reason="OpenTelemetry is not installed", hint=hint)
    except Exception as error:  # noqa: BLE001 - jobs are worth more than their traces
        log.warning("traces_off", reason=type(error).__name__, hint="check the variables that begin with OTEL_")
    return Tracing()
