"""What an earlier job of the queue returned, in any state; nothing is changed."""

from typing import Any

from redis import exceptions as redis_errors
from redis.asyncio import Redis

from worker.contract.json_text import NotJson, parse_json
from worker.errors import RedisUnusable
from worker.jobs.kind import JobKind
from worker.operations.redis_errors import word_of
from worker.settings import Settings


async def completed_by_earlier(kind: JobKind[Any], request: Any, client: Redis, settings: Settings) -> Any:
    """Complete a request that needs what an earlier job returned.

    Raises:
        RedisUnusable: Redis does not answer, or refuses.
    """
    job_id = kind.reference(request)
    if job_id is None:
        return request
    return kind.refer(request, await returned_by(job_id, client, settings))


async def returned_by(job_id: str, client: Redis, settings: Settings) -> object:
    """Give what a job returned, any JSON value; None if there is no such job, or it has not returned.

    Raises:
        RedisUnusable: Redis does not answer, or refuses.
    """
    key = f"{settings.bullmq_prefix}:{settings.queue_name}:{job_id}"
    try:
        (text,) = await client.hmget(key, ["returnvalue"])
    except (redis_errors.RedisError, OSError) as error:
        # The id is another key of the queue, such as "wait".
        if isinstance(error, redis_errors.ResponseError) and word_of(error) == "WRONGTYPE":
            return None
        raise RedisUnusable(
            f"the result of the earlier job could not be read from Redis: {type(error).__name__}"
        ) from None
    try:
        return parse_json(text) if text else None
    except NotJson:
        return "not JSON"
