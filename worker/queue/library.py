"""BullMQ's Worker as this worker needs it: its options, its listeners, and jobs that cannot break it."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import structlog
from bullmq import Job, Worker
from redis.asyncio import Redis
from redis.exceptions import RedisError

from worker.compute.compute import Compute
from worker.operations.prometheus_metrics import Telemetry
from worker.queue import backoff
from worker.queue.clock import RedisClock
from worker.queue.job_bytes import leave_data_undecoded
from worker.queue.job_reading import read_job, unreadable
from worker.queue.locks import RENEWALS_PER_LOCK, LockWatch
from worker.settings import Settings

# BullMQ rounds up to whole seconds; a paused or rate-limited queue is looked at again at most this late.
DRAIN_DELAY_S = 2
WARM_CHECK_S = 0.05
# How many times longer a lock should live than a job's data take to parse.
PARSE_SHARE = 10
ERROR_LOG_INTERVAL_S = 1.0
MAX_REASON_CHARS = 200

log = structlog.get_logger()

Process = Callable[[Job, str], Awaitable[None]]


class LibraryWorker(Worker):  # type: ignore[misc]  # BullMQ has no types
    """BullMQ's Worker, which gives every job to the processor, readable or not, on Redis's time.

    BullMQ's own would raise for a job that it cannot read, before the processor is called, and take
    it again for ever. Here such a job arrives with a `Reading` that says what is wrong with it.

    Attributes:
        clock: Redis's time; measure it before the first pick-up and now and then.
        compute: no job is taken while its process is not warm; None for no such condition.
        is_holding_off: no job is taken now, for that reason.
    """

    def __init__(self, name: str, process: Process | None, options: dict[str, Any]) -> None:
        """Take what BullMQ's Worker takes; the connection must be a client of redis-py."""
        super().__init__(name, process, options)
        self.clock = RedisClock(options["connection"])
        self.clock.lend_to(self)
        leave_data_undecoded(self.backend.scripts, options["connection"])
        self.compute: Compute | None = None
        self.is_holding_off = False

    async def _ensure_client_names(self) -> None:
        """Leave the connections' names alone: the pool has named them, and one of them as Node's clients expect it."""

    async def moveToActive(self, token: str) -> Job | None:  # noqa: N802 - BullMQ's name
        """Take the next job as soon as it could begin at once; until then it is left to other workers.

        Returns:
            None if there is no job, or if the worker is told to stop meanwhile.
        """
        try:
            while self.compute is not None and not self.compute.is_warm:
                if self.paused or self.closing:
                    return None
                if not self.is_holding_off:
                    self.is_holding_off = True
                    log.info("pick_ups_wait", reason="the compute process is not warm; other workers may take the jobs")
                    self.compute.renew_soon()
                await asyncio.sleep(WARM_CHECK_S)
        finally:
            self.is_holding_off = False
        return await super().moveToActive(token)

    async def nextJobFromJobData(  # noqa: N802 - BullMQ's name and arguments
        self,
        job_data: dict[str, Any] | None = None,
        job_id: str | None = None,
        limit_until: int = 0,
        delay_until: int = 0,
        token: str | None = None,
    ) -> Job | None:
        """Make a job of what Redis gave; never raises for what the job holds."""
        due_ms = self._own_time_ms(delay_until)
        if not job_data:
            return await super().nextJobFromJobData(job_data, job_id, limit_until, due_ms, token)
        try:
            began_s = time.monotonic()
            reading = await asyncio.to_thread(read_job, job_data)
            self._warn_if_slow(job_id, time.monotonic() - began_s)
            job = await super().nextJobFromJobData(reading.fields, job_id, limit_until, due_ms, token)
        except (RedisError, OSError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever the job holds, it must reach the processor
            reading = unreadable(job_data, error)
            job = await super().nextJobFromJobData(reading.fields, job_id, limit_until, due_ms, token)
        job_data.pop("data", None)  # parsed by now; BullMQ holds on to the rest
        job.data = reading.data
        job.reading = replace(reading, data=None)  # hundreds of MB of Python floats, held once
        return job

    async def waitForJob(self) -> int:  # noqa: N802 - BullMQ's name
        """Wait for a job; give when the next one is due, on this machine's clock (ms), 0 for now."""
        return self._own_time_ms(await super().waitForJob())

    def _warn_if_slow(self, job_id: str | None, duration_s: float) -> None:
        """Say if a job's data are so large for the lock that a renewal may come too late.

        The JSON parser keeps Python's interpreter to itself: while it runs, in a thread or not, nothing
        else does. It takes about a second for 120 MB.
        """
        needed_ms = round(1000 * duration_s * PARSE_SHARE)
        if needed_ms > self.opts["lockDuration"]:
            log.warning(
                "job_slow_to_parse",
                job_id=job_id,
                duration_s=round(duration_s, 3),
                hint=f"no lock was renewed meanwhile: set BULLMQ_LOCK_DURATION_MS to {needed_ms} or more, or send less",
            )

    def _own_time_ms(self, redis_time_ms: int | None) -> int:
        return int(redis_time_ms) - self.clock.offset_ms if redis_time_ms else 0


def is_waiting(worker: LibraryWorker) -> bool:
    """Tell whether the worker waits, for a job or for the compute process, so that no job is on its way to us."""
    return worker.is_holding_off or (worker.waiting is not None and not worker.waiting.done())


def is_picking_up(worker: LibraryWorker) -> bool:
    """Tell whether a job may be on its way to us, or is being processed."""
    return any(not task.done() for task in worker.processing) and not is_waiting(worker)


def make_worker(
    settings: Settings, client: Redis, process: Process, watch: LockWatch, telemetry: Telemetry
) -> LibraryWorker:
    """Make the worker that takes jobs and calls `process` for each; `run` starts it."""
    worker = LibraryWorker(
        settings.queue_name,
        process,
        {
            "connection": client,
            "prefix": settings.bullmq_prefix,
            "autorun": False,
            # One compute process: a second job would only wait, under a lock.
            "concurrency": 1,
            "lockDuration": settings.lock_duration_ms,
            "lockRenewTime": max(1, settings.lock_duration_ms // RENEWALS_PER_LOCK),
            "stalledInterval": settings.stalled_interval_ms,
            "maxStalledCount": settings.max_stalled_count,
            "drainDelay": DRAIN_DELAY_S,
            "runRetryDelay": backoff.PICK_UP_DELAY_MS,
            "name": socket.gethostname(),
        },
    )
    worker.on("locksRenewed", _listener(lambda event: watch.on_renewed(event["jobIds"])))
    worker.on("lockRenewalFailed", _listener(watch.on_renewal_failed))
    worker.on("stalled", _listener(lambda job_id: _on_stalled(job_id, telemetry)))
    worker.on("error", _listener(_ErrorLog()))
    return worker


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
        log.warning(
            "bullmq_error",
            reason=f"{type(error).__name__}: {str(error)[:MAX_REASON_CHARS]}",
            left_out=self._n_left_out,
            hint="BullMQ tries again by itself; if this goes on, look at Redis",
        )
        self._next_s, self._n_left_out = now_s + ERROR_LOG_INTERVAL_S, 0
