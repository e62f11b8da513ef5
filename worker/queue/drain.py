"""Stop consuming in order: take no more jobs, let the running one finish or hand it back, close."""

import asyncio
import contextlib
import time
from typing import Any

import structlog

from worker.compute.compute import Compute
from worker.jobs.settlement import HANDED_BACK
from worker.operations.shutdown import Shutdown
from worker.queue.library import LibraryWorker, is_picking_up
from worker.queue.locks import LockWatch
from worker.queue.processing import Processor

# Redis connections are closed only after no job has been in progress for this long: a pick-up may still arrive.
QUIET_S = 0.15
TICK_S = 0.05
# Time limits inside LEAVE_S: for handing a job back, and for each step of closing.
HAND_BACK_TIMEOUT_S = 1.5
CLOSE_TIMEOUT_S = 0.5

log = structlog.get_logger()


async def drain(
    processor: Processor, worker: LibraryWorker, compute: Compute, watch: LockWatch, shutdown: Shutdown, grace_s: float
) -> None:
    """Take no more jobs; let the running one finish within the grace period, else hand it back."""
    pausing = asyncio.create_task(worker.pause(True))
    deadline_s = time.monotonic() + grace_s
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
            # A pick-up that was under way when the signal came still arrives; the processor hands it back.
            processor.is_stopping = True
            quiet_since_s = quiet_since_s or now_s
            if now_s - quiet_since_s > QUIET_S and not is_picking_up(worker):
                break
        if now_s > deadline_s + HAND_BACK_TIMEOUT_S:
            log.error(
                "grace_period_over",
                jobs_held=watch.n_held,
                hint="is Redis away? the job's lock lapses, and the next stalled check gives it to another worker",
            )
            break
        await asyncio.sleep(TICK_S)
    await end_tasks(pausing)


async def close(worker: LibraryWorker, running: asyncio.Task[None]) -> None:
    """Close BullMQ's worker, by force if that does not come to an end."""
    for force in (False, True):
        closing = asyncio.create_task(worker.close(force=force))
        await asyncio.wait({closing}, timeout=CLOSE_TIMEOUT_S)
        if closing.done():
            break
    await asyncio.wait({running}, timeout=CLOSE_TIMEOUT_S)
    with contextlib.suppress(asyncio.CancelledError, Exception):
        running.cancel()
        await running


async def end_tasks(*tasks: asyncio.Task[Any]) -> None:
    """Cancel each task until it is done: redis-py loses a cancellation that comes while it connects."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=TICK_S)
    await asyncio.gather(*tasks, return_exceptions=True)
