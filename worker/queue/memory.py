"""How much of its memory Redis uses: told once when it grows short, and counted."""

from typing import Final

import structlog
from redis.asyncio import Redis

from worker.operations.prometheus_metrics import Telemetry

WARN_SHARE: Final = 0.8
# Told anew only if it was below this in between: memory goes up and down with each job.
CALM_SHARE: Final = 0.75
INTERVAL_S: Final = 30.0

log = structlog.get_logger()


class MemoryWatch:
    """Warns when Redis uses over 80 % of its `maxmemory`: at 100 % no producer can add a job."""

    def __init__(self, client: Redis, telemetry: Telemetry) -> None:
        """Take whom to ask, and where the figures are shown."""
        self._client = client
        self._telemetry = telemetry
        self._is_short = False

    async def look(self) -> None:
        """Ask Redis once.

        Raises:
            RedisError: Redis is away, or refuses.
        """
        memory = await self._client.info("memory")
        used, limit = int(memory.get("used_memory", 0)), int(memory.get("maxmemory", 0))
        self._telemetry.on_memory(used, limit)
        share = used / limit if limit else 0.0
        if share > WARN_SHARE and not self._is_short:
            log.warning(
                "redis_memory_short",
                used_bytes=used,
                maxmemory_bytes=limit,
                percent=round(100 * share),
                hint="when it is full, producers cannot add jobs: keep fewer finished jobs (removeOnComplete, "
                "removeOnFail), send embeddings as base64, set SHED_JOB_DATA=after_success, or raise maxmemory",
            )
            self._is_short = True
        elif share < CALM_SHARE and self._is_short:
            log.info("redis_memory_back", used_bytes=used, maxmemory_bytes=limit, percent=round(100 * share))
            self._is_short = False
