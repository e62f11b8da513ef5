"""Bring a result home: kept and tried again while Redis is away, never over somebody else's."""

import asyncio
import json
import time

import structlog
from bullmq import Job, UnrecoverableError, Worker
from redis import exceptions as redis_errors
from redis.asyncio import Redis
from redis.exceptions import RedisError

from worker.contract.result import Document
from worker.errors import WorkerError

RETRY_CAP_S = 2.0
RETRY_BASE_S = 0.1
# Answers, not silences, before a refusal is believed: out of memory can pass.
MAX_REFUSALS = 8
MAX_REASON_CHARS = 200

log = structlog.get_logger()

# KEYS: job, lock, active, wait, paused, stalled. ARGV: job id, attemptsStarted, token, lock ms.
# `ats` grows at every pick-up, so that it tells whether another worker has had the job since.
REACQUIRE = """
if redis.call("EXISTS", KEYS[1]) == 0 then return -1 end
if redis.call("HGET", KEYS[1], "ats") ~= ARGV[2] then return -7 end
if redis.call("HEXISTS", KEYS[1], "finishedOn") == 1 then return -8 end
local lock = redis.call("GET", KEYS[2])
if lock and lock ~= ARGV[3] then return -6 end
if not redis.call("LPOS", KEYS[3], ARGV[1]) then
  if redis.call("LREM", KEYS[4], 1, ARGV[1]) + redis.call("LREM", KEYS[5], 1, ARGV[1]) == 0 then return -3 end
  redis.call("LPUSH", KEYS[3], ARGV[1])
end
redis.call("SET", KEYS[2], ARGV[3], "PX", ARGV[4])
redis.call("SREM", KEYS[6], ARGV[1])
return 1
"""


class Claim:
    """Our claim on one job: the lock's token, and the count of pick-ups that fences it."""

    def __init__(self, client: Redis, worker: Worker, job: Job, token: str, lock_duration_ms: int) -> None:
        """Take the job as it was picked up."""
        self.job = job
        self.token = token
        self._client = client
        self._worker = worker
        self._lock_duration_ms = lock_duration_ms
        self._key = worker.backend.toKey(str(job.id))
        self._reacquire = client.register_script(REACQUIRE)

    async def renew(self) -> bool:
        """Take the lock again where it is free or ours and nobody has had the job since.

        Returns:
            False where the job is lost.

        Raises:
            RedisError: Redis is away.
        """
        to_key = self._worker.backend.toKey
        keys = [self._key, f"{self._key}:lock", *map(to_key, ("active", "wait", "paused", "stalled"))]
        answer = await self._reacquire(
            keys=keys, args=[self.job.id, str(self.job.attemptsStarted), self.token, self._lock_duration_ms]
        )
        return bool(answer == 1)

    async def is_delivered(self, payload: str) -> bool:
        """Tell whether an earlier try has arrived though its answer was lost."""
        finished_on, value, starts = await self._client.hmget(self._key, ["finishedOn", "returnvalue", "ats"])
        return bool(finished_on) and value == payload and starts == str(self.job.attemptsStarted)

    async def complete(self, document: Document) -> None:
        """Try once; raises TypeError where the script refuses, RedisError where Redis is away."""
        keep = self.job.opts.get("removeOnComplete", False)
        await self._worker.backend.moveToCompleted(self.job, document, keep, self.token, False)

    async def is_outage(self, error: Exception) -> bool:
        """Tell an outage, which ends, from a refusal, which may not.

        A value over its size limit makes Redis close the connection, as if it were away; so it is
        asked whether it is.
        """
        if isinstance(error, redis_errors.ReadOnlyError):
            return True  # a fail-over
        if not isinstance(error, redis_errors.ConnectionError | redis_errors.TimeoutError | OSError):
            return False
        try:
            await self._client.ping()
        except (RedisError, OSError):
            return True
        return False

    async def hand_back(self) -> None:
        """Put the job back to where it is taken from at once, without spending an attempt."""
        await self.job.moveToDelayed(int(time.time() * 1000), self.token)


class DeliveryRefused(WorkerError):
    """Redis will not take this result, whatever is tried."""


async def deliver(claim: Claim, document: Document) -> bool:
    """Deliver a result; tell whether it arrived, or the job is somebody else's by now.

    While Redis is away the result is kept and tried again; nothing is computed again for an
    outage's sake. It ends when the job is found to be lost.

    Raises:
        DeliveryRefused: Redis is there and refuses the value; the attempt fails with that reason.
    """
    # As BullMQ writes it, so that a delivered value can be told by its bytes.
    payload = json.dumps(document, separators=(",", ":"), allow_nan=False)
    backoff_s, refusals = RETRY_BASE_S, 0
    while True:
        try:
            await claim.complete(document)
            return True
        except (TypeError, UnrecoverableError) as error:
            owned = await _after_refusal(claim, payload)
            if owned is not None:
                return owned
            reason = str(error)
        except (RedisError, OSError) as error:
            reason = f"{type(error).__name__}: {str(error)[:MAX_REASON_CHARS]}"
            if await claim.is_outage(error):
                refusals -= 1
        refusals += 1
        if refusals >= MAX_REFUSALS:
            raise DeliveryRefused(f"Redis refused the result: {reason}")
        log.warning("delivery_retried", reason=reason, retry_in_s=round(backoff_s, 1))
        await asyncio.sleep(backoff_s)
        backoff_s = min(2 * backoff_s, RETRY_CAP_S)


async def _after_refusal(claim: Claim, payload: str) -> bool | None:
    """Find out what a refusal means: delivered (True), lost (False), or try again (None)."""
    try:
        if await claim.is_delivered(payload):
            return True
        return None if await claim.renew() else False
    except (RedisError, OSError):
        return None
