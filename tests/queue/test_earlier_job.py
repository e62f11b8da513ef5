"""What an earlier job of the queue returned."""

import pytest

from tests.redis_server import RedisServer
from worker.errors import RedisUnusable
from worker.queue.connection import connect
from worker.queue.earlier_job import returned_by
from worker.settings import Settings


def settings_for(url: str) -> Settings:
    """Give the settings of a worker of the API."""
    return Settings(REDIS_URL=url, BULLMQ_PREFIX="faculytics:bull")  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("stored", "returned"),
    [
        ({"returnvalue": '{"status":"completed"}', "finishedOn": "1"}, {"status": "completed"}),
        ({"data": "{}", "failedReason": "x"}, None),
        ({"returnvalue": "{"}, "not JSON"),
        ({"returnvalue": "null"}, None),
        (None, None),
    ],
)
async def test_what_a_job_returned(redis_server: RedisServer, stored: dict[str, str] | None, returned: object) -> None:
    """In any state; nothing for a job that is not there or has not returned."""
    settings = settings_for(redis_server.url)
    client = connect(settings)
    try:
        key = "faculytics:bull:topic-model:earlier"
        await client.delete(key)
        if stored is not None:
            await client.hset(key, mapping=stored)
        assert await returned_by("earlier", client, settings) == returned
    finally:
        await client.aclose()


async def test_another_key_of_the_queue_is_no_job(redis_server: RedisServer) -> None:
    """Such as the list of waiting jobs."""
    settings = settings_for(redis_server.url)
    client = connect(settings)
    try:
        await client.rpush("faculytics:bull:topic-model:some-list", "a")
        assert await returned_by("some-list", client, settings) is None
    finally:
        await client.aclose()


async def test_a_redis_that_is_away_is_an_error_of_the_infrastructure() -> None:
    """So that BullMQ tries again: a first fit for that reason would rename all topics."""
    settings = settings_for("redis://127.0.0.1:1")
    client = connect(settings, retries=0)
    try:
        with pytest.raises(RedisUnusable, match="could not be read from Redis"):
            await returned_by("earlier", client, settings)
    finally:
        await client.aclose()
