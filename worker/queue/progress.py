"""Progress and log lines of a job, for whoever looks at it in Bull Board: best effort, in order."""

import asyncio
import contextlib
from typing import Any

import structlog
from bullmq import Job

from worker.jobs.kind import JobKind
from worker.operations.telemetry import Telemetry
from worker.topics.fit import Details, StageFinished, StageStarted

WRITE_TIMEOUT_S = 5.0

log = structlog.get_logger()


class ProgressReport:
    """Tells a job's stages to Redis from a task of its own; an outage costs lines, never the job."""

    def __init__(self, job: Job, kind: JobKind[Any], telemetry: Telemetry) -> None:
        """Take the job and its kind; the task lives from entering the context until it is left."""
        self._job = job
        self._kind = kind
        self._telemetry = telemetry
        self._events: asyncio.Queue[StageStarted | StageFinished | None] = asyncio.Queue()

    async def __aenter__(self) -> "ProgressReport":
        """Begin to write."""
        self._task = asyncio.create_task(self._write_all())
        return self

    async def __aexit__(self, *exception: object) -> None:
        """Write what is left, for a short time."""
        self._events.put_nowait(None)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._task, WRITE_TIMEOUT_S)

    def on_stage(self, event: StageStarted | StageFinished) -> None:
        """Note a stage; never waits."""
        if isinstance(event, StageFinished):
            self._telemetry.on_stage(self._kind.name, event.stage, event.duration_s)
            log.info(
                "stage_finished", stage=str(event.stage), duration_s=round(event.duration_s, 3), **dict(event.details)
            )
        self._events.put_nowait(event)

    async def _write_all(self) -> None:
        while (event := await self._events.get()) is not None:
            try:
                await asyncio.wait_for(self._write(event), WRITE_TIMEOUT_S)
            except Exception as error:  # noqa: BLE001 - whatever it is, the job is worth more than its progress
                log.debug("progress_not_written", reason=type(error).__name__)

    async def _write(self, event: StageStarted | StageFinished) -> None:
        if isinstance(event, StageStarted):
            await self._job.updateProgress({"stage": str(event.stage), "percent": self._kind.stages[event.stage]})
        else:
            await self._job.log(stage_line(event))


def stage_line(event: StageFinished) -> str:
    """Word a finished stage for the job's log."""
    return f"{event.stage}: {event.duration_s:.2f} s{_suffix(event.details)}"


def _suffix(details: Details) -> str:
    text = ", ".join(f"{name}={value}" for name, value in details.items())
    return f" ({text})" if text else ""
