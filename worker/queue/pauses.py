"""Keep jobs safe that BullMQ 5 would overwrite when it resumes a paused queue."""

import structlog
from bullmq import Worker
from redis.asyncio import Redis

log = structlog.get_logger()

# BullMQ 5 moves `wait` to `paused` by RENAME when it pauses or resumes. What this library (it writes the layout
# of BullMQ 6) put into `wait` meanwhile would be renamed over. KEYS: meta, wait, paused.
KEEP_PAUSED = """
if redis.call("HEXISTS", KEYS[1], "paused") == 0 then return 0 end
local ids = redis.call("LRANGE", KEYS[2], 0, 6999)
if #ids == 0 then return 0 end
redis.call("RPUSH", KEYS[3], unpack(ids))
redis.call("LTRIM", KEYS[2], #ids, -1)
return #ids
"""


class PauseMover:
    """Moves jobs out of `wait` while the queue is paused."""

    def __init__(self, client: Redis, worker: Worker) -> None:
        """Take the queue to look after."""
        self._keys = [worker.backend.toKey(name) for name in ("meta", "wait", "paused")]
        self._keep_paused = client.register_script(KEEP_PAUSED)

    async def move(self) -> None:
        """Move what waits to where BullMQ 5 keeps the jobs of a paused queue; raises RedisError."""
        if moved := await self._keep_paused(keys=self._keys):
            log.info("moved_to_paused", n_jobs=moved)
