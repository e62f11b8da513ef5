"""Our claim on one job, and everything that only its owner may do with it in Redis."""

import json
import time
from typing import Any

from bullmq import Job, Worker
from bullmq.backoffs import Backoffs
from redis import exceptions as redis_errors
from redis.asyncio import Redis
from redis.exceptions import RedisError

from worker.contract.result import Document
from worker.operations.redis_errors import is_passing

# Due before any clock's now: a worker whose clock is slow takes the job at once, too.
DUE_AT_ONCE_MS = 0

# KEYS: job, lock, active, wait, paused, stalled. ARGV: job id, attemptsStarted, token, lock ms.
# `ats` grows at every pick-up, so it tells whether another worker has taken the job since.
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

# KEYS: events. ARGV: job id, event, field, value. The newest event that starts or ends this job decides;
# an earlier job of the same id may have left events, too. It looks at the last 1,000 events.
LAST_EVENT_IS = """
local newest = "+"
for _ = 1, 100 do
  local entries = redis.call("XREVRANGE", KEYS[1], newest, "-", "COUNT", 10)
  for _, entry in ipairs(entries) do
    local fields = {}
    for i = 1, #entry[2], 2 do fields[entry[2][i]] = entry[2][i + 1] end
    if fields.jobId == ARGV[1] then
      if fields.event == ARGV[2] then return fields[ARGV[3]] == ARGV[4] and 1 or 0 end
      if fields.event == "active" then return 0 end
    end
    newest = "(" .. entry[1]
  end
  if #entries < 10 then return 0 end
end
return 0
"""

# KEYS: job, lock, stalled, failed, events, active, wait, paused, delayed, prioritized.
# ARGV: job id, attemptsStarted, token, reason, now ms.
# For a job that BullMQ's own script cannot fail, or has failed by half. It tells no parent: the job's parent may
# be what cannot be read.
GIVE_UP = """
local lock = redis.call("GET", KEYS[2])
if lock and lock ~= ARGV[3] then return -6 end
local is_hash = redis.call("TYPE", KEYS[1]).ok == "hash"
if is_hash and redis.call("HGET", KEYS[1], "ats") ~= ARGV[2] then return -7 end
redis.call("DEL", KEYS[2])
redis.call("SREM", KEYS[3], ARGV[1])
for i = 6, 8 do redis.call("LREM", KEYS[i], 0, ARGV[1]) end
for i = 9, 10 do redis.call("ZREM", KEYS[i], ARGV[1]) end
if not is_hash then return 1 end
redis.call("HSET", KEYS[1], "failedReason", ARGV[4], "finishedOn", ARGV[5])
redis.call("HDEL", KEYS[1], "defa")
redis.pcall("HINCRBY", KEYS[1], "atm", 1)
redis.call("ZADD", KEYS[4], ARGV[5], ARGV[1])
redis.call("XADD", KEYS[5], "*", "event", "failed", "jobId", ARGV[1], "failedReason", ARGV[4], "prev", "active")
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
        self._attempts_made = int(job.attemptsMade or 0)
        self._stack_traces = list(job.stacktrace or [])

    @property
    def pair(self) -> tuple[str, str]:
        """The job's id and the lock's token; a token alone may have locked two jobs (a pick-up sent twice)."""
        return str(self.job.id), self.token

    @property
    def key(self) -> str:
        """The job's hash in Redis."""
        return str(self._key)

    async def renew(self) -> bool:
        """Take the lock again if it is free or ours and no other worker has taken the job since.

        Returns:
            False if the job is lost.

        Raises:
            RedisError: Redis is away, or refuses.
        """
        to_key = self._worker.backend.toKey
        keys = [self._key, f"{self._key}:lock", *map(to_key, ("active", "wait", "paused", "stalled"))]
        arguments = [self.job.id, str(self.job.attemptsStarted), self.token, self._lock_duration_ms]
        return bool(await self._client.register_script(REACQUIRE)(keys=keys, args=arguments) == 1)

    async def complete(self, document: Document) -> None:
        """Try once to store the result; raises TypeError if the script refuses, RedisError if Redis is away."""
        keep = self.job.opts.get("removeOnComplete", False)
        await self._worker.backend.moveToCompleted(self.job, document, keep, self.token, False)

    async def is_completed(self, payload: str) -> bool:
        """Tell whether an earlier try has stored this result though its answer was lost.

        With `removeOnComplete` the job is gone by then; BullMQ's stream of events still tells.
        """
        finished_on, value, starts = await self._client.hmget(self._key, ["finishedOn", "returnvalue", "ats"])
        if starts is None:
            return await self._last_event_is("completed", "returnvalue", payload)
        return bool(finished_on) and value == payload and starts == str(self.job.attemptsStarted)

    async def fail(self, reason: str, *, for_good: bool) -> None:
        """Try once to record that this attempt failed; raises as `complete` does.

        The job waits for its next attempt as its producer's backoff says, if it has one left.
        """
        backend, job = self._worker.backend, self.job
        fields = {
            "failedReason": reason,
            "stacktrace": json.dumps(self._traces_with(reason)),
        }
        attempt = self._attempts_made + 1
        if for_good or attempt >= job.opts.get("attempts", 1):
            keep = job.opts.get("removeOnFail", False)
            await backend.moveToFailed(job, reason, keep, self.token, False, fields)
        elif delay_ms := await Backoffs.calculate(job.opts.get("backoff"), attempt, None, job, None):
            await backend.moveToDelayed(job.id, _now_ms(), delay_ms, self.token, {"fieldsToUpdate": fields})
        else:
            await backend.retryJob(job.id, job.opts.get("lifo", False), self.token, {"fieldsToUpdate": fields})

    async def is_failed(self, reason: str) -> bool:
        """Tell whether an earlier try has recorded this failure though its answer was lost."""
        attempts_made, starts, last = await self._client.hmget(self._key, ["atm", "ats", "failedReason"])
        if starts is None:
            return await self._last_event_is("failed", "failedReason", reason)
        is_same_pick_up = starts == str(self.job.attemptsStarted) and last == reason
        return is_same_pick_up and attempts_made not in {None, str(self._attempts_made)}

    async def give_up(self, reason: str) -> None:
        """Try once to fail the job for good by a script that reads nothing of it; raises as `complete` does."""
        to_key = self._worker.backend.toKey
        lists = ("active", "wait", "paused", "delayed", "prioritized")
        keys = [self._key, f"{self._key}:lock", *map(to_key, ("stalled", "failed", "events", *lists))]
        arguments = [self.job.id, str(self.job.attemptsStarted), self.token, reason, _now_ms()]
        answer = await self._client.register_script(GIVE_UP)(keys=keys, args=arguments)
        if answer != 1:
            raise TypeError(f"Job {self.job.id} is not ours to give up (code {answer})")

    async def hand_back(self) -> None:
        """Put the job back, to be taken at once, without spending an attempt."""
        await hand_back(self._worker, self.pair)

    async def is_outage(self, error: Exception) -> bool:
        """Tell an outage, which ends, from a refusal, which may not.

        Redis closes the connection over a value that is too large, as if it were away; so it is
        asked whether it answers.
        """
        if is_passing(error):
            return True
        if not isinstance(error, redis_errors.ConnectionError | redis_errors.TimeoutError | OSError):
            return False
        try:
            await self._client.ping()
        except (RedisError, OSError):
            return True
        return False

    async def _last_event_is(self, event: str, field: str, value: str) -> bool:
        script = self._client.register_script(LAST_EVENT_IS)
        answer = await script(keys=[self._worker.backend.toKey("events")], args=[self.job.id, event, field, value])
        return bool(answer == 1)

    def _traces_with(self, reason: str) -> list[Any]:
        """Give one entry for each attempt; a Python traceback would tell paths, and no more than the reason."""
        traces = [*self._stack_traces, reason]
        limit = self.job.opts.get("stackTraceLimit")
        return traces if limit is None else traces[max(0, len(traces) - limit) :]


async def hand_back(worker: Worker, pair: tuple[str, str]) -> None:
    """Put a job back, to be taken at once, without spending an attempt; only if this token still locks it."""
    job_id, token = pair
    await worker.backend.moveToDelayed(job_id, DUE_AT_ONCE_MS, 0, token, {"skipAttempt": True})


def _now_ms() -> int:
    return int(time.time() * 1000)
