"""Redis's time for BullMQ's scripts, so that a worker whose clock is wrong does no harm."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from bullmq import Worker
from redis.asyncio import Redis

# Clocks that differ by more are worth a line: log lines and `finishedOn` of other tools will not agree.
TELL_FROM_MS = 5_000
# Where BullMQ's scripts take the time: each script and the position of the timestamp among its arguments.
TIMESTAMP_AT = {"moveToActive": 1, "moveToDelayed": 1, "moveToFinished": 1, "retryJob": 1, "moveStalledJobsToWait": 2}

log = structlog.get_logger()

Script = Callable[..., Awaitable[Any]]


class RedisClock:
    """How far Redis's clock is from this machine's.

    BullMQ's client writes its own machine's time. An hour ahead, it would hand a job back for an hour
    from now, start delayed jobs an hour early, and remove results an hour too soon.

    Attributes:
        offset_ms: what to add to this machine's time; 0 until it is measured.
    """

    def __init__(self, client: Redis) -> None:
        """Take the Redis to ask."""
        self.offset_ms = 0
        self._client = client
        self._has_told = False

    async def measure(self) -> None:
        """Ask Redis for its time.

        Raises:
            RedisError: Redis is away, or does not allow TIME; the last offset stands.
        """
        asked_s = time.time()
        seconds, microseconds = await self._client.time()
        answered_s = time.time()
        redis_s = int(seconds) + int(microseconds) / 1e6
        # It was taken between the two; an offset within that span may be none at all.
        if asked_s <= redis_s <= answered_s:
            self.offset_ms = 0
        else:
            self.offset_ms = round(1000 * (redis_s - (asked_s + answered_s) / 2))
        if abs(self.offset_ms) > TELL_FROM_MS and not self._has_told:
            self._has_told = True
            log.warning(
                "clock_differs",
                redis_is_ahead_ms=self.offset_ms,
                hint="synchronise the clocks (NTP) of this machine and of Redis; jobs follow Redis's clock",
            )

    def lend_to(self, worker: Worker) -> None:
        """Let the scripts of a BullMQ worker run on Redis's time."""
        scripts = worker.backend.scripts
        shifted = {name: self._shifted(scripts.commands[name], position) for name, position in TIMESTAMP_AT.items()}
        scripts.commands = {**scripts.commands, **shifted}

    def _shifted(self, script: Script, position: int) -> Script:
        async def run(keys: list[str], args: list[Any], client: Redis | None = None) -> Any:
            shifted = list(args)
            given = int(shifted[position])
            # 0 is no time: it means "due at once", on any clock.
            shifted[position] = str(given + self.offset_ms) if given else "0"
            return await script(keys=keys, args=shifted, client=client)

        return run
