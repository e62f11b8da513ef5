"""Progress and log lines of a job, as Bull Board shows them: best effort, in order."""

import asyncio
import contextlib
from typing import Any

import structlog
from bullmq import Job

from worker.jobs.kind import JobKind
from worker.lifecycle.events import StoreUsed, StoreWarning, TaskEvent
from worker.lifecycle.stages import ModelStage
from worker.operations.telemetry import Telemetry
from worker.topics.fit import Details, StageFinished, StageStarted

WRITE_TIMEOUT_S = 5.0

log = structlog.get_logger()


class ProgressReport:
    """Tells a job's stages to Redis from a task of its own; an outage costs lines, never the job.

    Attributes:
        is_keeping: whether a model is being kept. Its comments count from then on: to stop the job comes too late.
    """

    def __init__(self, job: Job, kind: JobKind[Any], telemetry: Telemetry) -> None:
        """Take the job and its kind; the task lives from entering the context until it is left."""
        self._job = job
        self._kind = kind
        self._telemetry = telemetry
        self.is_keeping = False
        self._events: asyncio.Queue[StageStarted | StageFinished | None] = asyncio.Queue()

    async def __aenter__(self) -> "ProgressReport":
        """Begin to write."""
        self._task = asyncio.create_task(self._write_all())
        return self

    async def __aexit__(self, *exception: object) -> None:
        """Write what is left, for a short time."""
        self._events.put_nowait(None)
        with contextlib.suppress(TimeoutError):
            await _bounded(self._task, WRITE_TIMEOUT_S)

    def on_stage(self, event: TaskEvent) -> None:
        """Note a stage, or a use of the model store; never waits."""
        if isinstance(event, StoreUsed):
            self._telemetry.on_store(event.operation, event.duration_s, event.error)
            return
        if isinstance(event, StoreWarning):
            log.warning("model_store_warning", warning=event.line)
            return
        if isinstance(event, StageStarted):
            self.is_keeping = event.stage == ModelStage.KEEP
        if isinstance(event, StageFinished):
            self._telemetry.on_stage(self._kind.name, event.stage, event.duration_s)
            log.info(
                "stage_finished", stage=str(event.stage), duration_s=round(event.duration_s, 3), **dict(event.details)
            )
        self._events.put_nowait(event)

    async def _write_all(self) -> None:
        while (event := await self._events.get()) is not None:
            try:
                await _bounded(asyncio.create_task(self._write(event)), WRITE_TIMEOUT_S)
            except Exception as error:  # noqa: BLE001 - whatever it is, the job is worth more than its progress
                log.debug("progress_not_written", reason=type(error).__name__)

    async def _write(self, event: StageStarted | StageFinished) -> None:
        if isinstance(event, StageStarted):
            await self._job.updateProgress({"stage": str(event.stage), "percent": self._kind.stages[event.stage]})
        else:
            await self._job.log(stage_line(event))


async def _bounded(task: asyncio.Task[None], timeout_s: float) -> None:
    """Wait for a task; raises TimeoutError in time even if the task swallows its cancellation.

    redis-py does so while it connects, and from Python 3.12 on `asyncio.wait_for` waits for such a task.
    """
    try:
        await asyncio.wait({task}, timeout=timeout_s)
    finally:
        task.cancel()
    if not task.done():
        task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        raise TimeoutError
    task.result()


def stage_line(event: StageFinished) -> str:
    """Word a finished stage for the job's log."""
    return f"{event.stage}: {event.duration_s:.2f} s{_suffix(event.details)}"


def _suffix(details: Details) -> str:
    text = ", ".join(f"{name}={value}" for name, value in details.items())
    return f" ({text})" if text else ""
