"""Put a held job back into the queue, to be taken at once, without spending an attempt."""

import asyncio
from typing import Final

import structlog
from redis.exceptions import RedisError

from worker.operations.prometheus_metrics import Outcome
from worker.queue.locks import Held

LAPSES: Final = "its lock lapses, and the next stalled check gives the job to another worker"
_TRIES: Final = 5
_PAUSE_S: Final = 0.2

log = structlog.get_logger()


async def hand_back(held: Held) -> Outcome:
    """Hand a job back; tell what it counts as."""
    for attempt in range(_TRIES):
        try:
            await held.claim.hand_back()
            held.is_settled = True
            log.info("job_handed_back")
            return Outcome.HANDED_BACK
        except (RedisError, OSError, TypeError) as error:
            log.warning("hand_back_failed", reason=type(error).__name__, attempt=attempt + 1)
            await asyncio.sleep(_PAUSE_S)
    log.error("job_not_handed_back", hint=LAPSES)
    return Outcome.LOST
