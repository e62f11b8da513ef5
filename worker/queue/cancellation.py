"""Requests to cancel a job: Redis keeps each until the job has ended, or for a day.

A published message would be lost on a worker that is cut off from Redis; a key is there when it is back.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from enum import StrEnum

import structlog
from bullmq import Queue
from redis.asyncio import Redis
from redis.exceptions import RedisError

from worker.compute.compute import Compute
from worker.jobs.settlement import CANCELLED
from worker.queue.locks import Held
from worker.settings import Settings

CHECK_INTERVAL_S = 0.5
# A job runs for minutes, and a worker that was cut off for a day has lost it.
KEPT_S = 24 * 60 * 60
END_CHECK_INTERVAL_S = 0.1
# How long a person waits for the end of a job that runs: its worker looks for requests twice a second.
CANCEL_S = 10.0
FINISHED = ("completed", "failed")

log = structlog.get_logger()


class CancelAnswer(StrEnum):
    """What became of a request to cancel a job."""

    REMOVED = "removed"  # it waited, and is gone
    STOPPED = "stopped"  # it ran, and has ended with the error "Cancelled"
    REQUESTED = "requested"  # it runs, and no worker has seen the request in time
    ENDED = "ended"  # it had ended, or ended by itself before the request was seen
    UNKNOWN = "unknown"  # there is no such job


@contextlib.asynccontextmanager
async def watching_requests(
    held: Held, key: str, client: Redis, compute: Compute, may_stop: Callable[[], bool]
) -> AsyncIterator[None]:
    """Stop the computing of a job if somebody asks for it while the context lasts.

    Args:
        held: the job.
        key: of requests for it, by `request_key`.
        client: to ask.
        compute: runs the job's task under the job's id.
        may_stop: tells whether the job can still be stopped as if it had never run.
    """
    watch = asyncio.create_task(_watch(held, key, client, compute, may_stop))
    try:
        yield
    finally:
        watch.cancel()


async def _watch(held: Held, key: str, client: Redis, compute: Compute, may_stop: Callable[[], bool]) -> None:
    job = held.claim.job
    # The id may be used again after a job is gone: the request names the job by the time of its birth, too.
    birth = str(job.timestamp)
    while True:
        # An outage is no answer; the request is still there after it.
        with contextlib.suppress(RedisError, OSError):
            if await client.get(key) == birth and may_stop():
                log.info("cancel_requested", **held.ids)
                compute.cancel(CANCELLED, str(job.id))
                return
        await asyncio.sleep(CHECK_INTERVAL_S)


def request_key(job_id: str, settings: Settings) -> str:
    """Name the key that asks for the end of a job; its value is the job's timestamp."""
    return f"{settings.bullmq_prefix}:{settings.queue_name}:{job_id}:cancel"


async def forget_request(key: str, client: Redis) -> None:
    """Remove a request for a job that has ended: a person may let the same job run again.

    Args:
        key: of requests for it, by `request_key`.
        client: of the queue's Redis; if it is away, the request stays for its day.
    """
    with contextlib.suppress(RedisError, OSError):
        await client.delete(key)


async def cancel(job_id: str, settings: Settings, client: Redis, *, wait_s: float) -> CancelAnswer:
    """Remove a job that waits, or ask the worker that runs it to stop it.

    Args:
        job_id: of the job.
        settings: that name its queue.
        client: of the queue's Redis; stays open.
        wait_s: how long to wait for the end of a job that runs.

    Raises:
        RedisError: Redis is away, or refuses.
    """
    queue = Queue(settings.queue_name, {"connection": client, "prefix": settings.bullmq_prefix})
    state = await queue.getJobState(job_id)
    if state in FINISHED:
        return CancelAnswer.ENDED
    job_key = f"{settings.bullmq_prefix}:{settings.queue_name}:{job_id}"
    birth = None if state == "unknown" else await client.hget(job_key, "timestamp")
    if birth is None:
        return CancelAnswer.UNKNOWN
    # The request comes first: a worker may take the job between the two.
    await client.set(request_key(job_id, settings), birth, ex=KEPT_S)
    if await queue.remove(job_id):
        await client.delete(request_key(job_id, settings))
        return CancelAnswer.REMOVED
    answer = await _end_of(job_key, client, wait_s)
    if answer is not CancelAnswer.REQUESTED:
        await forget_request(request_key(job_id, settings), client)
    return answer


async def _end_of(job_key: str, client: Redis, wait_s: float) -> CancelAnswer:
    """Wait until a job has ended."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(wait_s):
            while True:
                ended, returned = await client.hmget(job_key, ["finishedOn", "returnvalue"])
                if ended:
                    return CancelAnswer.STOPPED if f'"error":"{CANCELLED}"' in (returned or "") else CancelAnswer.ENDED
                await asyncio.sleep(END_CHECK_INTERVAL_S)
    return CancelAnswer.REQUESTED
