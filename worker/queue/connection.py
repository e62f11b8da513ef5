"""The connection to Redis: one pooled client that outlives outages, and the wait for it at the start."""

import asyncio
import base64
import contextlib
import socket

import structlog
from redis import exceptions as redis_errors
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import RedisError

from worker.errors import ConfigurationError, RedisUnusable
from worker.operations.redis_errors import describe, hint_for, is_passing, word_of
from worker.queue import backoff
from worker.queue.permissions import acl_rules
from worker.queue.pool import FailOverPool
from worker.queue.redis_url import check_options
from worker.queue.server import check_server
from worker.queue.unreachable import Cause, find_cause
from worker.settings import Settings

# Longer than BullMQ's longest blocking read (10 s) and than the transfer of a large job.
SOCKET_TIMEOUT_S = 30.0
CONNECT_TIMEOUT_S = 5.0
HEALTH_CHECK_INTERVAL_S = 15

log = structlog.get_logger()


def connect(settings: Settings, retries: int = backoff.COMMAND_RETRIES, *, is_worker: bool = False) -> Redis:
    """Make the client that BullMQ and the worker share; nothing is sent yet.

    A pool, so that a lock's renewal never waits behind a result or a blocking read.

    Args:
        settings: that say which Redis.
        retries: of a command, before its error is raised.
        is_worker: whether `queue.getWorkers()` shows this process.

    Raises:
        ConfigurationError: REDIS_URL has an option that is unknown or cannot be followed.
    """
    url = settings.redis_url.get_secret_value()
    check_options(url)
    # TCP's options; a Unix socket's connection does not know them.
    tcp = {} if url.startswith("unix:") else {"socket_keepalive": True}
    try:
        pool = FailOverPool.from_url(
            url,
            decode_responses=True,
            # A job that is not UTF-8 must arrive, so that it can be failed with a reason.
            encoding_errors="surrogateescape",
            socket_timeout=SOCKET_TIMEOUT_S,
            socket_connect_timeout=CONNECT_TIMEOUT_S,
            health_check_interval=HEALTH_CHECK_INTERVAL_S,
            retry=Retry(ExponentialBackoff(cap=backoff.COMMAND_CAP_S, base=backoff.COMMAND_BASE_S), retries),
            retry_on_error=[redis_errors.BusyLoadingError, redis_errors.ConnectionError, redis_errors.TimeoutError],
            **tcp,
        )
        # Opens nothing: it only finds out whether the options can be followed.
        pool.make_connection()
    except (ValueError, TypeError, RedisError):
        # Its own message may quote the URL, and with it the password.
        raise ConfigurationError("REDIS_URL: redis-py cannot follow it; check what stands behind the ?") from None
    if is_worker:
        # BullMQ for Node looks for the queue's name in base64, BullMQ for Python for the name itself.
        name, host = base64.b64encode(settings.queue_name.encode()).decode(), socket.gethostname()
        prefix = settings.bullmq_prefix
        pool.name_connections(f"{prefix}:{name}:w:{host}", f"{prefix}:{settings.queue_name}:w:{host}")
    return Redis.from_pool(pool)


async def wait_until_usable(settings: Settings) -> None:
    """Wait for Redis to answer, and check that the worker can work with it.

    Raises:
        RedisUnusable: waiting will not help; the message says why and what to do.
    """
    # Its own client tries once, so that the reason comes at once: the worker's own would try four times, each with
    # a timeout, before it said anything.
    client = connect(settings, retries=0)
    backoff_s = backoff.START_BASE_S
    try:
        while (cause := await _why_not_usable(client, settings)) is not None:
            address = settings.redis_address
            if cause.is_permanent:
                raise RedisUnusable(f"Redis at {address} cannot be used: {cause.reason}; {cause.hint}")
            log.warning(
                "redis_unreachable", address=address, reason=cause.reason, hint=cause.hint, retry_in_s=backoff_s
            )
            await asyncio.sleep(backoff_s)
            backoff_s = min(2 * backoff_s, backoff.START_CAP_S)
    finally:
        with contextlib.suppress(RedisError, OSError):
            await client.aclose()


async def _why_not_usable(client: Redis, settings: Settings) -> Cause | None:
    """Ask once; None if the worker can start."""
    try:
        await client.ping()
        await check_server(client, settings)
    except (redis_errors.AuthenticationError, redis_errors.AuthorizationError, redis_errors.ResponseError) as error:
        if not is_passing(error):
            raise RedisUnusable(_rejection(error, settings)) from None
        return Cause(describe(error), hint_for(error) or "the worker waits for it")
    except (RedisError, OSError) as error:
        return await find_cause(error, settings.redis_url.get_secret_value())
    return None


def _rejection(error: RedisError, settings: Settings) -> str:
    """Word an error reply; in Redis's own words, which hold no password, and with what helps."""
    line = f"Redis at {settings.redis_address} rejected the worker: {describe(error)}"
    if word_of(error) == "NOPERM":
        return f"{line}; grant: ACL SETUSER <user> {acl_rules(settings.bullmq_prefix, sheds=settings.sheds)}"
    hint = hint_for(error)
    return f"{line}; {hint}" if hint else line
