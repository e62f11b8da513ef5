"""The way to Redis: one pooled client that outlives outages, and the checks before the start."""

import asyncio
from urllib.parse import urlsplit

import structlog
from redis import exceptions as redis_errors
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import RedisError

from worker.errors import ConfigurationError, RedisUnusable
from worker.queue.pool import FailOverPool
from worker.queue.redis_url import check_options
from worker.settings import Settings

# Longer than BullMQ's longest blocking read (10 s) and than the transfer of a large job.
SOCKET_TIMEOUT_S = 30.0
CONNECT_TIMEOUT_S = 5.0
DEFAULT_PORT = 6379
HEALTH_CHECK_INTERVAL_S = 15
# Few and short: a script may have run though its answer was lost, and whoever called decides.
RETRIES = 3
BACKOFF_BASE_S, BACKOFF_CAP_S = 0.1, 1.0
# Between two tries to reach a Redis that is away at the start.
START_BACKOFF_BASE_S, START_BACKOFF_CAP_S = 0.5, 10.0

log = structlog.get_logger()


def connect(settings: Settings) -> Redis:
    """Make the client that BullMQ and the worker share; nothing is sent yet.

    A pool, so that a lock's renewal never waits behind a result or a blocking read.

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
            socket_timeout=SOCKET_TIMEOUT_S,
            socket_connect_timeout=CONNECT_TIMEOUT_S,
            health_check_interval=HEALTH_CHECK_INTERVAL_S,
            retry=Retry(ExponentialBackoff(cap=BACKOFF_CAP_S, base=BACKOFF_BASE_S), RETRIES),
            retry_on_error=[redis_errors.BusyLoadingError, redis_errors.ConnectionError, redis_errors.TimeoutError],
            **tcp,
        )
        # Opens nothing: it only finds out whether the options can be followed.
        pool.make_connection()  # type: ignore[no-untyped-call]
    except (ValueError, TypeError, RedisError):
        # Its own message may quote the URL, and with it the password.
        raise ConfigurationError("REDIS_URL: redis-py cannot follow it; check what stands behind the ?") from None
    return Redis.from_pool(pool)


async def wait_until_usable(client: Redis, settings: Settings) -> None:
    """Wait for Redis to answer, and check that a worker can live with it.

    Raises:
        RedisUnusable: it answers, and waiting will not help.
    """
    backoff_s = START_BACKOFF_BASE_S
    while True:
        try:
            await client.ping()
            await _check_server(client, settings)
            return
        except (redis_errors.AuthenticationError, redis_errors.AuthorizationError, redis_errors.ResponseError) as error:
            raise RedisUnusable(f"Redis at {settings.redis_address} refuses us: {_refusal(error)}") from None
        except (RedisError, OSError) as error:
            if await _is_tls_mismatch(error, settings):
                raise RedisUnusable(
                    f"Redis at {settings.redis_address} does not speak TLS as asked: check REDIS_URL (rediss:// or "
                    f"redis://) and the certificate"
                ) from None
            log.warning(
                "redis_unreachable", address=settings.redis_address, reason=type(error).__name__, retry_in_s=backoff_s
            )
        await asyncio.sleep(backoff_s)
        backoff_s = min(2 * backoff_s, START_BACKOFF_CAP_S)


async def _check_server(client: Redis, settings: Settings) -> None:
    replication = await client.info("replication")
    if replication.get("role") != "master":
        raise RedisUnusable(
            f"Redis at {settings.redis_address} is a replica and cannot be written to: point REDIS_URL to the primary"
        )
    policy = (await client.info("memory")).get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        log.warning(
            "redis_may_evict_jobs",
            maxmemory_policy=policy,
            remedy="CONFIG SET maxmemory-policy noeviction, and in redis.conf",
        )


def _refusal(error: RedisError) -> str:
    # Redis's own words, which hold no password: WRONGPASS ..., NOAUTH ..., NOPERM ...
    return str(error).splitlines()[0][:200]


async def _is_tls_mismatch(error: Exception, settings: Settings) -> bool:
    """Tell a server that does not speak TLS as we do from one that is away."""
    causes = [error, error.__cause__, error.__context__]
    if any("SSL" in str(cause) or "certificate" in str(cause).lower() for cause in causes):
        return True
    parts = urlsplit(settings.redis_url.get_secret_value())
    return parts.scheme == "rediss" and await _answers_in_plain(parts.hostname or "", parts.port or DEFAULT_PORT)


async def _answers_in_plain(host: str, port: int) -> bool:
    """Ask without TLS; a plain server lets a TLS handshake run into its timeout without a word."""
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(b"PING\r\n")
            answer = await reader.read(5)
            writer.close()
    except (OSError, TimeoutError):
        return False
    return answer.startswith((b"+PONG", b"-NOAU"))
