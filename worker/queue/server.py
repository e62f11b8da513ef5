"""What a Redis must be for this worker, asked at the start: a primary, one slot for the queue, with the permissions."""

import re

import structlog
from redis import exceptions as redis_errors
from redis.asyncio import Redis

from worker.errors import RedisUnusable
from worker.queue.permissions import acl_rules, find_refused
from worker.settings import Settings

log = structlog.get_logger()


async def check_server(client: Redis, settings: Settings) -> None:
    """Check the server that answers.

    Raises:
        RedisUnusable: the worker cannot work with it; the message says what to change.
        RedisError: it went away, or refuses a question.
    """
    where = f"Redis at {settings.redis_address}"
    if (await client.info("replication")).get("role") != "master":
        raise RedisUnusable(f"{where} is a replica and cannot be written to: point REDIS_URL to the primary")
    if (await client.info("cluster")).get("cluster_enabled"):
        await _check_cluster(client, settings, where)
    if refused := await find_refused(client, settings.bullmq_prefix, settings.queue_name, sheds=settings.sheds):
        raise RedisUnusable(
            f"{where} does not permit {', '.join(refused)} to the user of REDIS_URL; grant: "
            f"ACL SETUSER <user> {acl_rules(settings.bullmq_prefix, sheds=settings.sheds)}"
        )
    policy = (await client.info("memory")).get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        log.warning(
            "redis_may_evict_jobs",
            maxmemory_policy=policy,
            hint="CONFIG SET maxmemory-policy noeviction, and in redis.conf",
        )


async def _check_cluster(client: Redis, settings: Settings, where: str) -> None:
    """In a cluster the queue must lie in one slot, and this node must hold it."""
    if not re.search(r"\{[^}]+\}", f"{settings.bullmq_prefix}:{settings.queue_name}"):
        raise RedisUnusable(
            f"{where} is a cluster, where all keys of a queue must lie in one slot: set BULLMQ_PREFIX to a prefix with "
            f"a hash tag, such as {{{settings.bullmq_prefix}}}, here and at every producer"
        )
    try:
        await client.exists(f"{settings.bullmq_prefix}:{settings.queue_name}:meta")
    except redis_errors.MovedError as moved:
        raise RedisUnusable(
            f"{where} is a cluster node that does not hold this queue: point REDIS_URL to {moved.host}:{moved.port}"
        ) from None
