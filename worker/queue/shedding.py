"""`SHED_JOB_DATA`: once its result is delivered, a job's embeddings leave Redis; its texts and its result stay."""

import asyncio
from datetime import UTC, datetime
from typing import Any, Final

import structlog
from redis.asyncio import Redis

from worker.contract.envelope import Rejection, Skip, read_correlation
from worker.contract.shed_data import why_shed, without_embeddings
from worker.jobs.kind import JobKind, Request
from worker.operations.redis_errors import describe
from worker.queue.claim import Claim
from worker.queue.job_reading import reading_of
from worker.queue.progress import bounded

# The result is delivered; the next job must not wait for this.
TIMEOUT_S: Final = 5.0

# KEYS: job. ARGV: timestamp, attemptsStarted, bytes of its data, its new data.
# An id may be used again, a completed job may be run again, and a producer may change its data: the job's birth, its
# count of pick-ups and the length of its data tell (to compare the data themselves would keep Redis busy for seconds).
# The data are removed first, because Redis lets a script that has freed memory write although Redis is over its limit.
# Lua may still hold its own copies of them, from the scripts that added the job and took it.
_REPLACE_DATA: Final = """
local job = redis.call("HMGET", KEYS[1], "timestamp", "ats", "finishedOn")
if job[1] ~= ARGV[1] or job[2] ~= ARGV[2] or not job[3] then return 0 end
if redis.call("HEXISTS", KEYS[1], "returnvalue") == 0 then return 0 end
if redis.call("HSTRLEN", KEYS[1], "data") ~= tonumber(ARGV[3]) then return 0 end
redis.call("HDEL", KEYS[1], "data")
redis.call("HSET", KEYS[1], "data", ARGV[4])
collectgarbage()
return 1
"""

log = structlog.get_logger()


def read_request(kind: JobKind[Any], data: object, *, sheds: bool) -> tuple[Request | Rejection | Skip, str | None]:
    """Read a job's envelope; never raises for what the job holds.

    Args:
        kind: of job.
        data: the envelope, any JSON value.
        sheds: whether the job's embeddings are to leave Redis in the end.

    Returns:
        The request, and what the job's data will be without its embeddings; None if they stay as they are.
    """
    if (why := why_shed(data)) is not None:
        return Rejection(f"This job cannot be run again: {why}", read_correlation(data)), None
    return kind.read(data), without_embeddings(data, datetime.now(UTC)) if sheds else None


async def shed(claim: Claim, rest: str, client: Redis) -> None:
    """Replace the data of a job whose result is delivered; a failure costs a warning and never the job.

    Args:
        claim: on the job.
        rest: what its data become, by `read_request`.
        client: of the queue's Redis.
    """
    try:
        await bounded(asyncio.create_task(_shed(claim, rest, client)), TIMEOUT_S)
    except Exception as error:  # noqa: BLE001 - whatever it is, the result is delivered
        log.warning(
            "job_data_not_shed",
            reason=describe(error),
            hint="the job's embeddings stay in Redis until the job is removed; its result is delivered",
        )


async def _shed(claim: Claim, rest: str, client: Redis) -> None:
    job, n_bytes = claim.job, reading_of(claim.job).n_bytes
    arguments: list[str | int] = [str(job.timestamp), str(job.attemptsStarted), n_bytes, rest]
    if await client.register_script(_REPLACE_DATA)(keys=[claim.key], args=arguments) == 1:
        log.info("job_data_shed", bytes_before=n_bytes, bytes_now=len(rest))
    else:
        log.debug("job_data_changed", reason="the job was removed, or is another one by now")
