"""Progress and log lines of a job, as Bull Board shows them: best effort, in order."""

import asyncio
import contextlib
import time
from datetime import UTC, datetime
from typing import Any, Final

import structlog
from bullmq import Job

from worker.contract.result import Document, timestamp
from worker.jobs.kind import VALIDATE, JobKind
from worker.lifecycle.events import StoreUsed, StoreWarning, TaskEvent, VersionsRemoved
from worker.lifecycle.stages import ModelStage
from worker.operations.prometheus_metrics import Telemetry
from worker.operations.tracing import NO_TRACE, JobTrace
from worker.queue.stage_history import StageHistory
from worker.topics.fit import EMBED, BatchWarning, Details, StageAdvanced, StageFinished, StageStarted

WRITE_TIMEOUT_S = 5.0
# The last stage of every job that completes: nothing is left to compute.
DELIVER: Final = "deliver"
# If a job has to embed comments, that is most of its time: so far it has come then.
EMBEDDED_PERCENT: Final = 50

log = structlog.get_logger()


class ProgressReport:
    """Tells a job's stages to Redis from a task of its own; an outage costs lines, never the job.

    Attributes:
        is_keeping: whether a model is being kept. Its comments count from then on: to stop the job comes too late.
    """

    def __init__(
        self, job: Job, kind: JobKind[Any], telemetry: Telemetry, history: StageHistory, trace: JobTrace = NO_TRACE
    ) -> None:
        """Take the job and its kind; the task lives from entering the context until it is left.

        Args:
            job: whose progress is told.
            kind: of job.
            telemetry: counts the stages.
            history: of this worker's jobs; a completed job is added to it.
            trace: of this attempt.
        """
        self._job = job
        self._kind = kind
        self._telemetry = telemetry
        self.is_keeping = False
        self._history = history
        self._trace = trace
        self._n_items = 0
        self._percent = 0
        self._began_s = 0.0
        self._left_s: float | None = None
        self._durations_s: dict[str, float] = {}
        self._lines: asyncio.Queue[dict[str, object] | str | None] = asyncio.Queue()

    async def __aenter__(self) -> "ProgressReport":
        """Begin to write."""
        self._task = asyncio.create_task(self._write_all())
        return self

    async def __aexit__(self, *exception: object) -> None:
        """Write what is left, for a short time."""
        self._lines.put_nowait(None)
        with contextlib.suppress(TimeoutError):
            await bounded(self._task, WRITE_TIMEOUT_S)

    def on_stage(self, event: TaskEvent) -> None:
        """Note a stage, or a use of the model store; never waits."""
        if isinstance(event, StoreUsed):
            self._telemetry.on_store(event.operation, event.duration_s, event.error)
            return
        if isinstance(event, StoreWarning):
            log.warning("model_store_warning", warning=event.line)
            return
        if isinstance(event, VersionsRemoved):
            self._telemetry.on_versions_removed(len(event.versions))
            log.info("model_versions_removed", tenant=event.tenant, versions=list(event.versions))
            return
        if isinstance(event, BatchWarning):
            log.warning("batch_warning", warning=event.line)
            self._lines.put_nowait(f"warning: {event.line}")
            return
        if isinstance(event, StageAdvanced):
            self._advance(event)
            return
        self._trace.on_stage(event)
        if isinstance(event, StageStarted):
            self.is_keeping = event.stage == ModelStage.KEEP
            self._begin(str(event.stage))
        else:
            self._durations_s[str(event.stage)] = self._durations_s.get(str(event.stage), 0.0) + event.duration_s
            self._telemetry.on_stage(self._kind.name, event.stage, event.duration_s)
            log.info(
                "stage_finished", stage=str(event.stage), duration_s=round(event.duration_s, 3), **dict(event.details)
            )
            self._lines.put_nowait(stage_line(event))

    def on_request(self, n_items: int) -> None:
        """Note how many items the batch has: from then on the time left can be estimated."""
        self._n_items = n_items
        self._trace.on_request(n_items)

    def on_complete(self, document: Document) -> None:
        """Note that nothing but the delivery is left to do."""
        durations_s = {stage: duration_s for stage, duration_s in self._durations_s.items() if stage != VALIDATE}
        if document.get("status") == "completed" and self._n_items and durations_s:
            self._history.add(self._kind.name, self._n_items, durations_s)
        self._trace.on_stage(StageStarted(DELIVER))
        self._tell(DELIVER, 100, 0.0)

    def _begin(self, stage: str) -> None:
        # A job that lost a race begins some of its stages again.
        self._percent = max(self._percent, self._percent_at(stage))
        self._began_s, self._left_s = time.monotonic(), None
        if stage != VALIDATE and self._n_items:
            begun = [*(name for name in self._durations_s if name != VALIDATE), stage]
            self._left_s = self._history.left_s(self._kind.name, self._n_items, begun)
        self._tell(stage, self._percent, self._left_s)

    def _percent_at(self, stage: str) -> int:
        """Say at what percent a stage begins: if comments were embedded first, the others share the second half."""
        percent = self._kind.stages.get(stage, 0)
        if stage == EMBED or EMBED not in self._durations_s:
            return percent
        return EMBEDDED_PERCENT + percent * (100 - EMBEDDED_PERCENT) // 100

    def _advance(self, event: StageAdvanced) -> None:
        """Tell how far the running stage is, each time that the job is one percent farther."""
        if event.stage == EMBED:
            reached = round(event.share * EMBEDDED_PERCENT)
        else:
            begins = self._percent_at(event.stage)
            later = [self._percent_at(stage) for stage in self._kind.stages]
            ends = min((percent for percent in later if percent > begins), default=100)
            reached = begins + int((ends - begins) * event.share)
        if reached <= self._percent:
            return
        self._percent = reached
        self._tell(event.stage, reached, self._left_after(event.share))

    def _left_after(self, share: float) -> float:
        """Estimate the seconds left by the jobs before; without them, by what this share of the stage has taken."""
        spent_s = time.monotonic() - self._began_s
        if self._left_s is not None:
            return max(0.0, self._left_s - spent_s)
        return spent_s / share * (1 - share)

    def _tell(self, stage: str, percent: int, left_s: float | None) -> None:
        left = {} if left_s is None else {"leftS": round(left_s, 1)}
        self._lines.put_nowait({"stage": stage, "percent": percent, **left, "at": timestamp(datetime.now(UTC))})

    async def _write_all(self) -> None:
        while (line := await self._lines.get()) is not None:
            try:
                await bounded(asyncio.create_task(self._write(line)), WRITE_TIMEOUT_S)
            except Exception as error:  # noqa: BLE001 - whatever it is, the job is worth more than its progress
                log.debug("progress_not_written", reason=type(error).__name__)

    async def _write(self, line: dict[str, object] | str) -> None:
        if isinstance(line, str):
            await self._job.log(line)
        else:
            await self._job.updateProgress(line)


async def bounded(task: asyncio.Task[None], timeout_s: float) -> None:
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
