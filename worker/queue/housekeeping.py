"""Put right what faults leave behind in the queue: our own orphans, and jobs on the wrong side of a pause."""

import asyncio
import time

import structlog
from bullmq import Worker
from redis.asyncio import Redis
from redis.exceptions import RedisError

from worker.queue.locks import LockWatch

INTERVAL_S = 2.0

log = structlog.get_logger()

# BullMQ 5 moves `wait` to `paused` by RENAME when it pauses or resumes, and what this library put
# into `wait` meanwhile would be renamed over. KEYS: meta, wait, paused.
KEEP_PAUSED = """
if redis.call("HEXISTS", KEYS[1], "paused") == 0 then return 0 end
local ids = redis.call("LRANGE", KEYS[2], 0, 6999)
if #ids == 0 then return 0 end
redis.call("RPUSH", KEYS[3], unpack(ids))
redis.call("LTRIM", KEYS[2], #ids, -1)
return #ids
"""


class Housekeeping:
    """Looks every two seconds for jobs that are ours and that nobody runs, and for a pause's leftovers."""

    def __init__(self, client: Redis, worker: Worker, watch: LockWatch) -> None:
        """Take what to look through."""
        self._client = client
        self._worker = worker
        self._watch = watch
        self._keep_paused = client.register_script(KEEP_PAUSED)

    async def run(self) -> None:
        """Look and mend until cancelled; an outage is waited out."""
        while True:
            await asyncio.sleep(INTERVAL_S)
            try:
                await self.sweep()
                await self._move_to_paused()
            except (RedisError, OSError, TypeError) as error:
                log.debug("housekeeping_failed", reason=type(error).__name__)

    async def sweep(self) -> None:
        """Hand back jobs whose pick-up was executed though its answer was lost.

        Their lock carries this worker's id, but nobody here had them. A lock's token is another one
        at each pick-up, so that what was taken since the look cannot be handed back by it. A job
        that was in hand, and whose end could not be recorded, is left to the stalled check, which counts.
        """
        if self._may_be_on_its_way():
            return
        to_key, seen = self._worker.backend.toKey, set(self._watch.seen_tokens)
        ids = [str(job_id) for job_id in await self._client.lrange(to_key("active"), 0, -1)]
        locks = await self._client.mget([f"{to_key(job_id)}:lock" for job_id in ids]) if ids else []
        if self._may_be_on_its_way():
            return
        orphans = [
            (job_id, lock)
            for job_id, lock in zip(ids, locks, strict=True)
            if lock and str(lock).startswith(f"{self._worker.id}:") and str(lock) not in self._watch.seen_tokens
        ]
        self._watch.seen_tokens -= seen.difference(map(str, locks))
        for job_id, lock in orphans:
            await self._worker.backend.moveToDelayed(job_id, int(time.time() * 1000), 0, lock, {"skipAttempt": True})
            log.warning("orphan_handed_back", job_id=job_id)

    def _may_be_on_its_way(self) -> bool:
        """Tell whether a job may have been taken that is not in hand yet."""
        return self._watch.n_held == 0 and not is_waiting(self._worker)

    async def _move_to_paused(self) -> None:
        keys = [self._worker.backend.toKey(name) for name in ("meta", "wait", "paused")]
        if moved := await self._keep_paused(keys=keys):
            log.info("moved_to_paused", n_jobs=moved)


def is_waiting(worker: Worker) -> bool:
    """Tell whether BullMQ's worker waits for a job to come, so that none is on its way to us."""
    return worker.waiting is not None and not worker.waiting.done()
