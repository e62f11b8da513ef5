"""One job from pick-up to settlement: what BullMQ's worker calls for each."""

import asyncio
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
from bullmq import Job, Worker
from bullmq.custom_errors import DelayedError
from redis.asyncio import Redis

from worker.compute.compute import Compute
from worker.compute.tasks import Task
from worker.contract.envelope import Rejection, Skip, read_correlation
from worker.contract.result import Document
from worker.errors import ComputeCancelled, RedisUnusable
from worker.jobs.kind import VALIDATE, JobKind, Request, Surroundings
from worker.jobs.registry import kind_of
from worker.jobs.settlement import CANCELLED, HANDED_BACK, Complete, Fail, HandBack, LetGo, Settlement, one_line, settle
from worker.operations.prometheus_metrics import Outcome, Telemetry
from worker.operations.tracing import Attempt, JobTrace
from worker.queue.cancellation import forget_request, request_key, watching_requests
from worker.queue.claim import Claim
from worker.queue.delivery import DeliveryRefused, deliver, record_failure
from worker.queue.earlier_job import completed_by_earlier
from worker.queue.handing_back import LAPSES, hand_back
from worker.queue.job_reading import Flaw, reading_of
from worker.queue.locks import Held, LockWatch
from worker.queue.progress import ProgressReport
from worker.queue.shedding import read_request, shed
from worker.queue.stage_history import StageHistory
from worker.settings import Settings
from worker.topics.fit import StageFinished, StageStarted

log = structlog.get_logger()


class Processor:
    """Takes jobs from BullMQ's worker, one call for each job."""

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
        self._history = StageHistory()

    async def __call__(self, job: Job, token: str) -> None:
        """Process one job and record its end.

        Raises:
            DelayedError: always. BullMQ takes a normal return as "complete this job", and another
                exception as "fail it"; both have been done here, in a way that survives an outage.
        """
        outcome, began_s = Outcome.RAISED, time.monotonic()
        kind = kind_of(job.data, self._telemetry.kinds)
        n_bytes, number = reading_of(job).n_bytes, (job.attemptsMade or 0) + 1
        self._telemetry.on_taken(kind.name, n_bytes)
        trace = self._telemetry.tracing.begin(Attempt(str(job.id), kind.name, number, n_bytes, job.opts))
        try:
            with structlog.contextvars.bound_contextvars(**_ids(job), **trace.ids):
                outcome = await self._process(kind, job, token, trace)
        except BaseException as error:  # noqa: BLE001 - a CancelledError that got out would end BullMQ's loop
            if self.is_stopping and isinstance(error, asyncio.CancelledError):
                outcome = Outcome.LOST
                log.warning(
                    "job_left",
                    job_id=job.id,
                    reason="the grace period is over",
                    hint=f"if its end is not recorded, {LAPSES}",
                )
            else:
                trace.on_error(one_line(error))
                log.error("job_failed", job_id=job.id, reason=one_line(error), where=_place(error), hint=LAPSES)
        finally:
            trace.end(outcome)
            self._telemetry.on_settled(kind.name, outcome, time.monotonic() - began_s)
        raise DelayedError("settled")

    async def _process(self, kind: JobKind[Any], job: Job, token: str, trace: JobTrace) -> Outcome:
        if self.worker is None:
            raise RuntimeError("a job came before the worker was ready")
        claim = Claim(self._client, self.worker, job, token, self._settings.lock_duration_ms)
        reading, began_s = reading_of(job), time.monotonic()
        with self._watch.holding(claim) as held:
            held.trace = trace
            if reading.flaw is not None:
                return await self._fail_for_good(reading.flaw, held)
            if reading.replaced:
                log.warning("job_options_replaced", options=list(reading.replaced))
            try:
                cancel_key = request_key(str(job.id), self._settings)
                async with (
                    ProgressReport(job, kind, self._telemetry, self._history, trace) as report,
                    watching_requests(held, cancel_key, self._client, self._compute, lambda: not report.is_keeping),
                ):
                    settlement = await self._read_and_run(kind, job, held, report)
            except BaseException as error:
                if self.is_stopping and isinstance(error, asyncio.CancelledError):
                    raise
                log.error("attempt_broke", reason=one_line(error), where=_place(error), hint="a bug: report this line")
                settlement = Fail(one_line(error))
            return await self._carry_out(kind, settlement, held, time.monotonic() - began_s)

    async def _read_and_run(self, kind: JobKind[Any], job: Job, held: Held, report: ProgressReport) -> Settlement:
        """Read the request, compute it, and decide what becomes of the attempt."""
        began_s = time.monotonic()
        report.on_stage(StageStarted(VALIDATE))
        # In a thread: the loop has locks to renew while 10,000 embeddings are looked at.
        request, held.rest = await asyncio.to_thread(read_request, kind, job.data, sheds=self._settings.sheds)
        job.data = {}  # hundreds of MB of Python floats, now in one array
        structlog.contextvars.bind_contextvars(
            pipeline_id=request.correlation.pipeline_id, run_id=request.correlation.run_id
        )
        held.ids = structlog.contextvars.get_contextvars()
        outcome: Any = None
        if not isinstance(request, Rejection | Skip):
            try:
                request = await completed_by_earlier(kind, request, self._client, self._settings)
            except RedisUnusable as error:
                outcome = error
            else:
                self._report_request(kind, request, report, time.monotonic() - began_s)
                held.tracked = self._telemetry.tracking.begin(kind.name, str(job.id), request)
                surroundings = Surroundings.of(self._settings, str(job.id))
                outcome = await self._run(kind.task(request, surroundings), report, str(job.id))
        settlement = settle(kind, request, outcome, now=datetime.now(UTC))
        # From here on there is an end to record. The fence is for computing: it must not give the job up
        # while the last lines of progress wait for a Redis that is away.
        held.delivering = isinstance(settlement, Complete | Fail)
        if isinstance(settlement, Complete):
            report.on_complete(settlement.document)
        return settlement

    async def _run(self, task: Task, report: ProgressReport, key: str) -> Any:
        if self.is_stopping:
            return ComputeCancelled(HANDED_BACK)
        try:
            return await self._compute.run(
                task, timeout_s=self._settings.job_timeout_s, on_stage=report.on_stage, key=key
            )
        except BaseException as error:  # noqa: BLE001 - settled as a value
            return error

    async def _carry_out(self, kind: JobKind[Any], settlement: Settlement, held: Held, duration_s: float) -> Outcome:
        duration_s = round(duration_s, 3)
        if held.lost and not isinstance(settlement, LetGo):
            settlement = LetGo("lock lost")
        match settlement:
            case Complete(document):
                return await self._deliver(kind, document, held, duration_s)
            case HandBack():
                return await hand_back(held)
            case LetGo(reason):
                held.is_settled = True
                log.warning("job_let_go", reason=reason, duration_s=duration_s)
                return Outcome.LOST
            case Fail(reason, timed_out):
                log.error("job_failed", reason=reason, duration_s=duration_s)
                await self._record_failure(reason, held)
                return Outcome.TIMED_OUT if timed_out else Outcome.RAISED

    async def _deliver(self, kind: JobKind[Any], document: Document, held: Held, duration_s: float) -> Outcome:
        try:
            delivered = await deliver(held.claim, document)
        except DeliveryRefused as error:
            log.error("job_failed", reason=str(error), duration_s=duration_s)
            await self._record_failure(one_line(error), held)
            return Outcome.RAISED
        held.is_settled = True
        if not delivered:
            log.warning("result_dropped", why="another worker has the job, or it was removed", duration_s=duration_s)
            return Outcome.LOST
        await forget_request(request_key(str(held.claim.job.id), self._settings), self._client)
        if document.get("error") == CANCELLED:
            log.info("job_cancelled", duration_s=duration_s)
            return Outcome.CANCELLED
        if document["status"] == "failed":
            held.trace.on_error(str(document["error"]))
            log.warning("job_rejected", error=document["error"], duration_s=duration_s)
            return Outcome.FAILED
        if document["status"] == "skipped":
            log.info("job_skipped", reason=document["reason"], duration_s=duration_s)
            return Outcome.SKIPPED
        self._telemetry.on_result(kind.name, document)
        self._telemetry.tracking.on_delivered(held.tracked, document)
        log.info("job_completed", duration_s=duration_s, **kind.summarize(document))
        if held.rest is not None:
            await shed(held.claim, held.rest, self._client)
        return Outcome.COMPLETED

    async def _record_failure(self, reason: str, held: Held, *, for_good: bool = False) -> None:
        held.delivering = True
        held.trace.on_error(reason)
        try:
            held.is_settled = await record_failure(held.claim, reason, for_good=for_good)
        except DeliveryRefused as error:
            log.error("failure_not_recorded", reason=str(error), hint=LAPSES)
            return
        if not held.is_settled:
            held.is_settled = True
            log.warning("failure_dropped", why="another worker has the job, or it was removed")

    async def _fail_for_good(self, flaw: Flaw, held: Held) -> Outcome:
        """Fail a job that can never be computed: it is unreadable, was removed, or stalled too often."""
        if flaw.outcome == Outcome.LOST:
            log.warning("ghost_job_refused", reason=flaw.reason)
        else:
            ids = read_correlation(held.claim.job.data)
            log.error("job_failed", reason=flaw.reason, pipeline_id=ids.pipeline_id, run_id=ids.run_id)
        await self._record_failure(flaw.reason, held, for_good=True)
        return flaw.outcome

    def _report_request(self, kind: JobKind[Any], request: Request, report: ProgressReport, duration_s: float) -> None:
        self._telemetry.on_begun(kind.name, request.n_items)
        report.on_request(request.n_items)
        log.info("job_started", items=request.n_items)
        for warning in request.warnings:
            log.warning("batch_warning", warning=warning)
        said = {"warning": "; ".join(request.warnings)} if request.warnings else {}
        report.on_stage(StageFinished(VALIDATE, duration_s, {"items": request.n_items, **said}))


def _ids(job: Job) -> dict[str, Any]:
    """Give what every log line of a job carries: its id, and which of its attempts this is."""
    return {"job_id": job.id, "attempt": (job.attemptsMade or 0) + 1, "attempts": job.opts.get("attempts") or 1}


def _place(error: BaseException) -> str:
    """Name the last place an exception came through; a traceback in a log could show comments."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
