"""Take jobs from BullMQ until told to stop: wiring and supervision."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from worker import logs
from worker.compute.compute import Compute
from worker.compute.config import ComputeConfig
from worker.compute.messages import Ready
from worker.errors import ConfigurationError, WorkerError
from worker.exit_codes import ExitCode
from worker.jobs.registry import kinds_with
from worker.operations.health import Health, keep_compute_warm, mark_loop_alive
from worker.operations.model_store import look_at_model_store
from worker.operations.probes import serving
from worker.operations.prometheus_metrics import Telemetry
from worker.operations.queue_count import count_queue
from worker.operations.shutdown import LEAVE_S, Shutdown
from worker.operations.tracing import start_tracing
from worker.queue.chores import repeat
from worker.queue.connection import connect, wait_until_usable
from worker.queue.drain import close, drain, end_tasks
from worker.queue.library import LibraryWorker, make_worker
from worker.queue.locks import LockWatch
from worker.queue.memory import INTERVAL_S as MEMORY_INTERVAL_S
from worker.queue.memory import MemoryWatch
from worker.queue.orphans import OrphanSweep
from worker.queue.pauses import PauseMover
from worker.queue.processing import Processor
from worker.queue.watched_pick_ups import watch_pick_ups
from worker.settings import Settings, unknown_variables
from worker.tracking.tracking import start_tracking
from worker.version import WORKER_VERSION

CLOCK_INTERVAL_S = 60.0
# How long the worker's end may wait for MLflow.
TRACKING_S = 1.0

log = structlog.get_logger()


async def consume(settings: Settings) -> int:
    """Consume until SIGTERM, SIGINT or SIGHUP; give the exit code, whose reason is the last line of the log."""
    logs.configure(settings.log_level, settings.log_format)
    try:
        return await _run_worker(settings)
    except WorkerError as error:
        is_setting = isinstance(error, ConfigurationError)
        exit_code = ExitCode.UNREADABLE if is_setting else ExitCode.INFRASTRUCTURE
        log.critical("worker_failed", reason=str(error), exit_code=int(exit_code))
        return exit_code


async def _run_worker(settings: Settings) -> int:
    """Consume until told to stop, or until the worker cannot go on.

    Raises:
        ConfigurationError: a setting cannot be followed, as if the model store's package is not installed.
        RedisUnusable: Redis rejects the worker for good.
        ModelUnavailable: the encoder or the device is not available.
        ComputeError: the compute process could not be set up.
    """
    for variable, hint in unknown_variables().items():
        log.warning("setting_unknown", variable=variable, hint=hint)
    shutdown = Shutdown(settings.shutdown_grace_ms / 1000)
    # Before the first line of the log: what reads that line may send a signal.
    shutdown.listen()
    log.info("worker_starting", version=WORKER_VERSION, **settings.effective())
    look_at_model_store(settings)
    telemetry = Telemetry(settings.job_timeout_s, kinds_with(settings.test_kind), settings.metrics_tenants)
    telemetry.tracing = start_tracing(settings)
    telemetry.tracking = start_tracking(settings)
    compute = Compute(ComputeConfig.of(settings), _note_ready(telemetry))
    health = Health(compute, settings.job_timeout_s)
    telemetry.watch(compute, lambda: not health.why_not_alive())
    client = connect(settings, is_worker=True)
    background = [asyncio.create_task(task) for task in (mark_loop_alive(health), keep_compute_warm(compute))]
    try:
        with serving(settings.health_port, health, telemetry):
            if not await _prepare(settings, compute, shutdown):
                return ExitCode.COMPLETED
            return await _consume(settings, client, compute, telemetry, health, shutdown)
    finally:
        for task in background:
            task.cancel()
        closing = asyncio.gather(telemetry.tracing.close(), asyncio.to_thread(telemetry.tracking.close, TRACKING_S))
        await compute.close()
        with contextlib.suppress(RedisError, OSError):
            await client.aclose()
        await closing
        shutdown.has_left()
        log.info("worker_stopped")


def _note_ready(telemetry: Telemetry) -> Callable[[Ready], None]:
    """Log each compute process that is warm; as a warning if it has another device or encoder than the first one."""
    found: list[tuple[str, str]] = []

    def note(ready: Ready) -> None:
        telemetry.on_ready(ready.device, ready.encoder)
        found.append((ready.device, ready.encoder))
        changed = found[-1] != found[0]
        emit = log.warning if ready.is_fallback or changed else log.info
        emit("compute_ready", device=ready.device, encoder=ready.encoder, message=ready.message, changed=changed)

    return note


async def _prepare(settings: Settings, compute: Compute, shutdown: Shutdown) -> bool:
    """Warm the compute process up while Redis is looked at; tell whether to go on."""
    tasks: list[asyncio.Task[Any]] = [
        asyncio.create_task(compute.start()),
        asyncio.create_task(wait_until_usable(settings)),
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
        await end_tasks(*tasks, asked)


async def _consume(
    settings: Settings, client: Redis, compute: Compute, telemetry: Telemetry, health: Health, shutdown: Shutdown
) -> int:
    watch = LockWatch(compute, settings.lock_duration_ms, telemetry)
    processor = Processor(settings, client, compute, watch, telemetry)
    worker = make_worker(settings, client, processor, watch, telemetry)
    processor.worker = worker
    worker.compute = compute
    watch_pick_ups(worker, health.pick_ups)
    with contextlib.suppress(RedisError, OSError):
        await worker.clock.measure()
    memory = MemoryWatch(client, telemetry)
    with contextlib.suppress(RedisError, OSError):
        await memory.look()
    running = asyncio.create_task(worker.run())
    queue_key = f"{settings.bullmq_prefix}:{settings.queue_name}"
    helpers = [
        asyncio.create_task(watch.watch()),
        asyncio.create_task(count_queue(client, queue_key, health, telemetry)),
        *_chores(client, worker, watch, telemetry),
        asyncio.create_task(repeat("look at Redis's memory", memory.look, MEMORY_INTERVAL_S)),
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
        grace_s = settings.shutdown_grace_ms / 1000
        if unusable.done():
            # Each job would spend an attempt on what only another machine, or an operator, can mend.
            processor.is_stopping = True
            shutdown.leave_by(grace_s + LEAVE_S, ExitCode.INFRASTRUCTURE)
        await drain(processor, worker, compute, watch, shutdown, grace_s)
        if compute.unusable_because is not None:
            raise compute.unusable_because
        return ExitCode.COMPLETED
    finally:
        await end_tasks(*helpers, asked, unusable)
        await close(worker, running)


def _chores(client: Redis, worker: LibraryWorker, watch: LockWatch, telemetry: Telemetry) -> list[asyncio.Task[None]]:
    """Start what is done beside the jobs every few seconds."""
    sweep = OrphanSweep(client, worker, watch, telemetry).sweep
    return [
        asyncio.create_task(repeat("hand orphans back", sweep)),
        asyncio.create_task(repeat("keep paused jobs safe", PauseMover(client, worker).move)),
        asyncio.create_task(repeat("read Redis's clock", worker.clock.measure, CLOCK_INTERVAL_S)),
    ]


def _ended(tasks: tuple[asyncio.Task[None], ...], shutdown: Shutdown) -> ExitCode:
    """Report a task that should never end: a process that takes no jobs must end, so that it is started again."""
    ended = next(task for task in tasks if task.done())
    error = None if ended.cancelled() else ended.exception()
    log.error(
        "consuming_ended",
        reason=type(error).__name__ if error else "no reason given",
        hint="a bug: the process ends so that it is started again; report the lines above",
    )
    shutdown.leave_by(LEAVE_S, ExitCode.INFRASTRUCTURE)
    return ExitCode.INFRASTRUCTURE
