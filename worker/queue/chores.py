"""Small tasks beside the jobs, each repeated for as long as the worker consumes."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from redis import exceptions as redis_errors
from redis.exceptions import RedisError

from worker.operations.redis_errors import describe, hint_for, is_passing

INTERVAL_S = 2.0

log = structlog.get_logger()


async def repeat(name: str, act: Callable[[], Awaitable[None]], interval_s: float = INTERVAL_S) -> None:
    """Do a chore every few seconds, until cancelled.

    An outage is waited out in silence. An error that does not pass (a missing permission, a key of
    another type) is told of once for each kind, since every further try would only repeat it.
    """
    told: set[str] = set()
    while True:
        await asyncio.sleep(interval_s)
        try:
            await act()
        except (RedisError, OSError, TypeError) as error:
            reason = describe(error)
            kind = reason.split()[0]
            if _is_outage(error) or kind in told:
                log.debug("housekeeping_failed", chore=name, reason=reason)
                continue
            told.add(kind)
            log.warning(
                "housekeeping_failed",
                chore=name,
                reason=reason,
                hint=hint_for(error) or "check what else writes under BULLMQ_PREFIX; this is logged once",
            )


def _is_outage(error: Exception) -> bool:
    is_away = isinstance(error, redis_errors.ConnectionError | redis_errors.TimeoutError | OSError)
    return (is_away and not isinstance(error, redis_errors.AuthenticationError)) or is_passing(error)
