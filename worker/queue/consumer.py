"""Take jobs from BullMQ until told to stop: wiring, supervision, shutdown."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable
from typing import Any

import structlog
from bullmq import Job, Worker
from redis.asyncio import Redis
from redis.exceptions import RedisError

from worker import logs
from worker.compute.compute import Compute
from worker.compute.config import ComputeConfig
from worker.compute.messages import Ready
from worker.contract.envelope import read_correlation
from worker.errors import ConfigurationError, WorkerError
from worker.exit_codes import ExitCode
from worker.jobs.registry import kind_of, kinds_with
from worker.jobs.settlement import HANDED_BACK
from worker.operations.health import Health, beat, keep_compute_warm, look_at_queue
from worker.operations.probes import serving
from worker.operations.shutdown import LEAVE_S, Shutdown
from worker.operations.telemetry import Telemetry
from worker.queue.connection import connect, wait_until_usable
from worker.queue.housekeeping import Housekeeping, is_waiting
from worker.queue.locks import RENEWALS_PER_LOCK, LockWatch
from worker.queue.processing import Processor
from worker.settings import Settings
from worker.version import WORKER_VERSION

# Whole seconds; bounds how long a paused or rate-limited queue is looked at late.
DRAIN_DELAY_S = 2
RUN_RETRY_DELAY_MS = 1_000
# A job is out of hand for so long before the connections under it are closed.
QUIET_S = 0.15
TICK_S = 0.05
# Parts of LEAVE_S: what a hand-back gets after the grace period, and each step of closing.
HAND_BACK_TIMEOUT_S = 1.5
CLOSE_TIMEOUT_S = 0.5
ERROR_LOG_INTERVAL_S = 1.0

log = structlog.get_logger()


async def consume(settings: Settings) -> int:
    """Consume until SIGTERM or SIGINT; give the exit code, whose reason is the last line of the log."""
    logs.configure(settings.log_level, settings.log_format)
    try:
        return await _live(settings)
    except WorkerError as error:
        is_setting = isinstance(error, ConfigurationError)
        exit_code = ExitCode.UNREADABLE if is_setting else ExitCode.INFRASTRUCTURE
        log.critical("worker_failed", reason=str(error), exit_code=int(exit_code))
        return exit_code


async def _live(settings: Settings) -> int:
    """Consume until told to stop, or until it cannot go on.

    Raises:
        ConfigurationError: a setting cannot be followed.
        RedisUnusable: Redis refuses us for good.
        ModelUnavailable: the encoder or the device cannot be had.
        ComputeError: the compute process could not be set up.
    """
    log.info("worker_starting", version=WORKER_VERSION, **settings.effective())
    shutdown = Shutdown(settings.shutdown_grace_ms / 1000)
    shutdown.listen()
    telemetry = Telemetry(settings.timeout_ms / 1000, kinds_with(settings.test_kind))
    compute = Compute(ComputeConfig.of(settings), _note_ready(telemetry))
    health = Health(compute, settings.timeout_ms / 1000)
    telemetry.watch(compute, lambda: not health.why_not_alive())
    client = connect(settings)
    background = [asyncio.create_task(task) for task in (beat(health), keep_compute_warm(compute))]
    try:
        with serving(settings.health_port, health, telemetry):
            if not await _prepare(settings, client, compute, shutdown):
                return ExitCode.COMPLETED
            return await _consume(settings, client, compute, telemetry, health, shutdown)
    finally:
        for task in background:
            task.cancel()
        await compute.close()
        with contextlib.suppress(RedisError, OSError):
            await client.aclose()
        shutdown.has_left()
        log.info("worker_stopped")


def _note_ready(telemetry: Telemetry) -> Callable[[Ready], None]:
    """Tell of each compute process that is warm; loudly where it is not what the first one was."""
    found: list[tuple[str, str]] = []

    def note(ready: Ready) -> None:
        telemetry.on_ready(ready.device, ready.encoder)
        found.append((ready.device, ready.encoder))
        changed = found[-1] != found[0]
        emit = log.warning if ready.is_fallback or changed else log.info
        emit("compute_ready", device=ready.device, encoder=ready.encoder, message=ready.message, changed=changed)

    return note


async def _prepare(settings: Settings, client: Redis, compute: Compute, shutdown: Shutdown) -> bool:
    """Warm the compute process up while Redis is looked at; tell whether to go on."""
    tasks: list[asyncio.Task[Any]] = [
        asyncio.create_task(compute.start()),
        asyncio.create_task(wait_until_usable(client, settings)),
    ]
    asked = asyncio.create_task(shutdown.asked.wait())
    try:
        pending = set(tasks)
        while pending and not asked.done():
            done, _ = await asyncio.wait({*pending, asked}, return_when=asyncio.FIRST_COMPLETED)
            pending -= done
            for task in done - {asked}:
                task.result()
        return not pending and not asked.done()
    finally:
        await _end(*tasks, asked)


async def _consume(
    settings: Settings, client: Redis, compute: Compute, telemetry: Telemetry, health: Health, shutdown: Shutdown
) -> int:
    watch = LockWatch(compute, settings.lock_duration_ms, telemetry)
    processor = Processor(settings, client, compute, watch, telemetry)
    worker = _worker(settings, client, processor, watch, telemetry)
    processor.worker = worker
    running = asyncio.create_task(worker.run())
    queue_key = f"{settings.bullmq_prefix}:{settings.queue_name}"
    helpers = [
        asyncio.create_task(helper)
        for helper in (
            watch.watch(),
            Housekeeping(client, worker, watch).run(),
            look_at_queue(client, queue_key, health, telemetry),
        )
    ]
    asked = asyncio.create_task(shutdown.asked.wait())
    unusable = asyncio.create_task(compute.unusable.wait())
    health.is_consuming = True
    log.info("worker_ready", queue=settings.queue_name, prefix=settings.bullmq_prefix, redis=settings.redis_address)
    try:
        await asyncio.wait({running, asked, unusable, *helpers}, return_when=asyncio.FIRST_COMPLETED)
        health.is_consuming = False
        if not asked.done() and not unusable.done():
            return _ended((running, *helpers), shutdown)
        if unusable.done():
            # Each job would spend an attempt on what only another machine, or an operator, can mend.
            processor.is_stopping = True
            shutdown.leave_by(settings.shutdown_grace_ms / 1000 + LEAVE_S, ExitCode.INFRASTRUCTURE)
        await _drain(settings, worker, processor, compute, watch, shutdown)
        if compute.unusable_because is not None:
            raise compute.unusable_because
        return ExitCode.COMPLETED
    finally:
        await _end(*helpers, asked, unusable)
        await _close(worker, running)


def _ended(tasks: tuple[asyncio.Task[None], ...], shutdown: Shutdown) -> ExitCode:
    """Report a task that should run for ever: a process that lives and consumes nothing is worse than none."""
    ended = next(task for task in tasks if task.done())
    error = None if ended.cancelled() else ended.exception()
    log.error("consuming_ended", reason=type(error).__name__ if error else "no reason given")
    shutdown.leave_by(LEAVE_S, ExitCode.INFRASTRUCTURE)
    return ExitCode.INFRASTRUCTURE


async def _end(*tasks: asyncio.Task[Any]) -> None:
    """Cancel until each is done: redis-py loses a cancellation that comes while it connects."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=TICK_S)
    await asyncio.gather(*tasks, return_exceptions=True)


async def _drain(
    settings: Settings, worker: Worker, processor: Processor, compute: Compute, watch: LockWatch, shutdown: Shutdown
) -> None:
    """Take no more jobs; let the one in hand finish within the grace period, else hand it back."""
    pausing = asyncio.create_task(worker.pause(True))
    deadline_s = time.monotonic() + settings.shutdown_grace_ms / 1000
    quiet_since_s: float | None = None
    while True:
        now_s = time.monotonic()
        if shutdown.at_once.is_set():
            deadline_s = min(deadline_s, now_s)
        if watch.n_held:
            quiet_since_s = None
            if now_s >= deadline_s:
                processor.is_stopping = True
                compute.cancel(HANDED_BACK)
        else:
            # A pick-up that was under way when we were told still arrives; it is handed back.
            processor.is_stopping = True
            quiet_since_s = quiet_since_s or now_s
            if now_s - quiet_since_s > QUIET_S and not _is_picking_up(worker):
                break
        if now_s > deadline_s + HAND_BACK_TIMEOUT_S:
            log.error("grace_period_over", jobs_in_hand=watch.n_held)
            break
        await asyncio.sleep(TICK_S)
    await _end(pausing)


def _is_picking_up(worker: Worker) -> bool:
    return any(not task.done() for task in worker.processing) and not is_waiting(worker)


async def _close(worker: Worker, running: asyncio.Task[None]) -> None:
    """Close BullMQ's worker, by force where that does not come to an end."""
    for force in (False, True):
        closing = asyncio.create_task(worker.close(force=force))
        await asyncio.wait({closing}, timeout=CLOSE_TIMEOUT_S)
        if closing.done():
            break
    await asyncio.wait({running}, timeout=CLOSE_TIMEOUT_S)
    with contextlib.suppress(asyncio.CancelledError, Exception):
        running.cancel()
        await running


def _worker(settings: Settings, client: Redis, processor: Processor, watch: LockWatch, telemetry: Telemetry) -> Worker:
    async def process(job: Any, token: str) -> None:
        await processor(job, token)

    worker = Worker(
        settings.queue_name,
        process,
        {
            "connection": client,
            "prefix": settings.bullmq_prefix,
            "autorun": False,
            # One compute process: more jobs in hand would only wait, under locks.
            "concurrency": 1,
            "lockDuration": settings.lock_duration_ms,
            "lockRenewTime": max(1, settings.lock_duration_ms // RENEWALS_PER_LOCK),
            "stalledInterval": settings.stalled_interval_ms,
            "maxStalledCount": settings.max_stalled_count,
            "drainDelay": DRAIN_DELAY_S,
            "runRetryDelay": RUN_RETRY_DELAY_MS,
            "name": socket.gethostname(),
        },
    )
    worker.on("locksRenewed", _listener(lambda event: watch.on_renewed(event["jobIds"])))
    worker.on("lockRenewalFailed", _listener(watch.on_renewal_failed))
    worker.on("stalled", _listener(lambda job_id: _on_stalled(job_id, telemetry)))
    worker.on("failed", _listener(lambda job: _on_failed(job, telemetry)))
    worker.on("error", _listener(_ErrorLog()))
    return worker


def _on_failed(job: Job, telemetry: Telemetry) -> None:
    """Tell of a job that BullMQ failed by itself; the others have been told of where they failed."""
    if not job.deferredFailure:
        return
    telemetry.on_stalled_out(kind_of(job.data, telemetry.kinds).name)
    ids = read_correlation(job.data)
    log.error(
        "job_failed",
        reason=job.deferredFailure,
        job_id=job.id,
        attempt=job.attemptsMade or 0,
        attempts=job.opts.get("attempts") or 1,
        pipeline_id=ids.pipeline_id,
        run_id=ids.run_id,
    )


def _on_stalled(job_id: str, telemetry: Telemetry) -> None:
    telemetry.on_stalled()
    log.warning("job_stalled", job_id=job_id)


def _listener(act: Callable[[Any], None]) -> Callable[..., None]:
    """Guard a listener: one that raises would end BullMQ's loop."""

    def listen(*arguments: Any) -> None:
        try:
            act(arguments[0])
        except Exception as error:  # noqa: BLE001
            log.error("listener_failed", reason=type(error).__name__)

    return listen


class _ErrorLog:
    """Logs BullMQ's own errors, at most one a second: in an outage there are ten."""

    def __init__(self) -> None:
        self._next_s = 0.0
        self._n_left_out = 0

    def __call__(self, error: Exception) -> None:
        now_s = time.monotonic()
        if now_s < self._next_s:
            self._n_left_out += 1
            return
        log.warning("bullmq_error", reason=f"{type(error).__name__}: {str(error)[:200]}", left_out=self._n_left_out)
        self._next_s, self._n_left_out = now_s + ERROR_LOG_INTERVAL_S, 0
