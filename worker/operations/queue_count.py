"""Count the queue's jobs every few seconds: for metrics and readiness, and to tell of an outage's start and end."""

import asyncio
import time
from typing import Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import AuthenticationError, AuthorizationError, RedisError, ResponseError

from worker.operations.health import Health
from worker.operations.prometheus_metrics import Telemetry
from worker.operations.redis_errors import describe, hint_for

INTERVAL_S: Final = 5.0
# The command that counts the jobs of a state.
STATES: Final = {
    "wait": "llen",
    "paused": "llen",
    "active": "llen",
    "delayed": "zcard",
    "prioritized": "zcard",
    "completed": "zcard",
    "failed": "zcard",
}

log = structlog.get_logger()


async def count_queue(client: Redis, queue_key: str, health: Health, telemetry: Telemetry) -> None:
    """Count until cancelled; an outage is waited out."""
    counter = QueueCounter(client, queue_key, health, telemetry)
    while True:
        await counter.count()
        await asyncio.sleep(INTERVAL_S)


class QueueCounter:
    """Counts jobs, and notes whether Redis answers and with what."""

    def __init__(self, client: Redis, queue_key: str, health: Health, telemetry: Telemetry) -> None:
        """Take whom to ask and whom to tell; `queue_key` is prefix and queue."""
        self._client = client
        self._queue_key = queue_key
        self._health = health
        self._telemetry = telemetry
        self._lost_at_s: float | None = None
        self._refusal = ""

    async def count(self) -> None:
        """Count once; raises nothing that Redis may answer or fail to."""
        try:
            async with asyncio.timeout(INTERVAL_S):
                counts = await self._ask()
        except (ResponseError, AuthenticationError, AuthorizationError) as error:
            self._on_refused(error)
        except (RedisError, OSError) as error:
            self._on_lost(error)
        else:
            self._on_answer(refusal="")
            self._telemetry.on_queue(counts)

    async def _ask(self) -> dict[str, int]:
        async with self._client.pipeline(transaction=False) as pipeline:
            for state, count in STATES.items():
                getattr(pipeline, count)(f"{self._queue_key}:{state}")
            return dict(zip(STATES, await pipeline.execute(), strict=True))

    def _on_answer(self, refusal: str) -> None:
        self._health.on_redis(answers=True, refusal=refusal)
        self._refusal = refusal
        if self._lost_at_s is not None:
            log.info("redis_back", away_s=round(time.monotonic() - self._lost_at_s, 1))
            self._lost_at_s = None

    def _on_refused(self, error: RedisError) -> None:
        """Tell of a refusal when it is new: a missing permission or a foreign key stays for hours."""
        refusal = describe(error)
        if refusal != self._refusal:
            log.warning("queue_not_counted", reason=refusal, hint=hint_for(error))
        self._on_answer(refusal)
        self._telemetry.on_queue({})

    def _on_lost(self, error: Exception) -> None:
        self._health.on_redis(answers=False)
        self._telemetry.on_queue({})
        if self._lost_at_s is None:
            self._lost_at_s = time.monotonic()
            log.warning(
                "redis_lost",
                reason=type(error).__name__,
                hint="jobs in progress are computed on and delivered when Redis is back",
            )
