"""One job from pick-up to settlement: what BullMQ's worker calls for each."""

import asyncio
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
from bullmq import Job, Worker
from bullmq.custom_errors import DelayedError, UnrecoverableError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from worker.compute.compute import Compute
from worker.compute.tasks import Task
from worker.contract.envelope import Rejection
from worker.contract.result import Document
from worker.errors import ComputeCancelled
from worker.jobs.kind import VALIDATE, JobKind, Request
from worker.jobs.registry import kind_of
from worker.jobs.settlement import HANDED_BACK, Complete, Fail, HandBack, LetGo, Settlement, one_line, settle
from worker.operations.telemetry import Outcome, Telemetry
from worker.queue.delivery import Claim, DeliveryRefused, deliver
from worker.queue.job_options import mend_options
from worker.queue.locks import Held, LockWatch
from worker.queue.progress import ProgressReport
from worker.settings import Settings
from worker.topics.fit import StageFinished, StageStarted

HAND_BACK_TRIES = 5
HAND_BACK_PAUSE_S = 0.2

log = structlog.get_logger()


class JobFailed(RuntimeError):
    """What BullMQ is told of a failed attempt: one line, which becomes the job's `failedReason`."""


class Processor:
    """Takes jobs from BullMQ's worker, one call a job."""

    def __init__(
        self, settings: Settings, client: Redis, compute: Compute, watch: LockWatch, telemetry: Telemetry
    ) -> None:
        """Take what every job needs; `worker` is set once it exists."""
        self.worker: Worker | None = None
        self.is_stopping = False
        self._settings = settings
        self._client = client
        self._compute = compute
        self._watch = watch
        self._telemetry = telemetry

    async def __call__(self, job: Job, token: str) -> None:
        """Process one job and settle it.

        Always raises, as BullMQ's worker expects of a job that it has not to settle itself:

        Raises:
            DelayedError: settled here: delivered, handed back, or let go.
            JobFailed: the attempt failed; BullMQ counts and retries.
            UnrecoverableError: there is no such job, or never will be one.
        """
        outcome, began_s = Outcome.RAISED, time.monotonic()
        kind = kind_of(job.data, self._telemetry.kinds)
        self._telemetry.on_taken()
        try:
            with structlog.contextvars.bound_contextvars(**_ids(job)):
                outcome, reason = await self._process(kind, job, token)
        except UnrecoverableError:
            outcome = Outcome.LOST
            raise
        except JobFailed:
            raise
        except BaseException as error:  # noqa: BLE001 - a CancelledError that got out would end BullMQ's loop
            log.error("job_failed", job_id=job.id, reason=one_line(error), where=_place(error))
            raise JobFailed(one_line(error)) from None
        finally:
            self._telemetry.on_settled(kind.name, outcome, time.monotonic() - began_s)
        raise DelayedError("settled") if reason is None else JobFailed(reason)

    async def _process(self, kind: JobKind[Any], job: Job, token: str) -> tuple[Outcome, str | None]:
        """Give how the job ended, and why where the attempt failed."""
        _refuse_ghost(job)
        if replaced := mend_options(job.opts):
            log.warning("job_options_replaced", options=replaced)
        if self.worker is None:
            raise JobFailed("a bug: a job came before the worker was ready")
        claim = Claim(self._client, self.worker, job, token, self._settings.lock_duration_ms)
        with self._watch.holding(claim) as held:
            began_s = time.monotonic()
            settlement = await self._compute_job(kind, job, held)
            return await self._carry_out(kind, settlement, held, time.monotonic() - began_s)

    async def _compute_job(self, kind: JobKind[Any], job: Job, held: Held) -> Settlement:
        async with ProgressReport(job, kind, self._telemetry) as report:
            began_s = time.monotonic()
            report.on_stage(StageStarted(VALIDATE))
            # In a thread: the loop has locks to renew while 10,000 embeddings are looked at.
            request = await asyncio.to_thread(kind.read, job.data)
            job.data = {}  # hundreds of MB of Python floats, now in one array
            structlog.contextvars.bind_contextvars(
                pipeline_id=request.correlation.pipeline_id, run_id=request.correlation.run_id
            )
            held.ids = structlog.contextvars.get_contextvars()
            outcome = None
            if not isinstance(request, Rejection):
                self._report_request(kind, request, report, time.monotonic() - began_s)
                outcome = await self._run(kind.task(request), report, str(job.id))
            settlement = settle(kind, request, outcome, now=datetime.now(UTC))
            # From here on there is a result to bring home. The fence is for computing: it must not give the job up
            # while the last lines of progress wait for a Redis that is away.
            held.delivering = isinstance(settlement, Complete)
            return settlement

    async def _run(self, task: Task, report: ProgressReport, key: str) -> Any:
        if self.is_stopping:
            return ComputeCancelled(HANDED_BACK)
        try:
            return await self._compute.run(
                task, timeout_s=self._settings.timeout_ms / 1000, on_stage=report.on_stage, key=key
            )
        except BaseException as error:  # noqa: BLE001 - settled as a value
            return error

    async def _carry_out(
        self, kind: JobKind[Any], settlement: Settlement, held: Held, duration_s: float
    ) -> tuple[Outcome, str | None]:
        duration_s = round(duration_s, 3)
        if held.lost and not isinstance(settlement, LetGo):
            settlement = LetGo("lock lost")
        match settlement:
            case Complete(document):
                return await self._deliver(kind, document, held, duration_s)
            case HandBack():
                return await self._hand_back(held.claim), None
            case LetGo(reason):
                log.warning("job_let_go", reason=reason, duration_s=duration_s)
                return Outcome.LOST, None
            case Fail(reason, timed_out):
                log.error("job_failed", reason=reason, duration_s=duration_s)
                return (Outcome.TIMED_OUT if timed_out else Outcome.RAISED), reason

    async def _deliver(
        self, kind: JobKind[Any], document: Document, held: Held, duration_s: float
    ) -> tuple[Outcome, str | None]:
        try:
            delivered = await deliver(held.claim, document)
        except DeliveryRefused as error:
            log.error("job_failed", reason=str(error), duration_s=duration_s)
            return Outcome.RAISED, one_line(error)
        if not delivered:
            log.warning("result_dropped", why="another worker has the job, or it was removed", duration_s=duration_s)
            return Outcome.LOST, None
        if document["status"] == "failed":
            log.warning("job_rejected", error=document["error"], duration_s=duration_s)
            return Outcome.FAILED, None
        log.info("job_completed", duration_s=duration_s, **kind.summarize(document))
        return Outcome.COMPLETED, None

    def _report_request(self, kind: JobKind[Any], request: Request, report: ProgressReport, duration_s: float) -> None:
        self._telemetry.on_begun(kind.name, request.n_items)
        log.info("job_started", items=request.n_items)
        for warning in request.warnings:
            log.warning("batch_warning", warning=warning)
        report.on_stage(StageFinished(VALIDATE, duration_s, {"items": request.n_items}))

    async def _hand_back(self, claim: Claim) -> Outcome:
        for attempt in range(HAND_BACK_TRIES):
            try:
                await claim.hand_back()
                log.info("job_handed_back")
                return Outcome.HANDED_BACK
            except (RedisError, OSError, TypeError) as error:
                log.warning("hand_back_failed", reason=type(error).__name__, attempt=attempt + 1)
                await asyncio.sleep(HAND_BACK_PAUSE_S)
        return Outcome.LOST  # its lock lapses, and the next stalled check puts it back


def _ids(job: Job) -> dict[str, Any]:
    """Give what tells a job's lines from others, and which of its attempts this is."""
    return {"job_id": job.id, "attempt": (job.attemptsMade or 0) + 1, "attempts": job.opts.get("attempts") or 1}


def _place(error: BaseException) -> str:
    """Name the last place an exception came through; a traceback in a log could show comments."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""


def _refuse_ghost(job: Job) -> None:
    """Refuse what a stalled check made of a job that was removed while it ran."""
    if job.name is None or not job.timestamp:
        log.warning("ghost_job_refused", job_id=job.id)
        raise UnrecoverableError("the job was removed while it ran")
