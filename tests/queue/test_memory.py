"""A Redis that runs short of memory is told of once for each time it does."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from tests.redis_server import RedisServer
from worker.operations.prometheus_metrics import Telemetry
from worker.queue.connection import connect
from worker.queue.memory import MemoryWatch
from worker.settings import Settings


@pytest.fixture
async def own_client(own_redis: RedisServer) -> AsyncIterator[Redis]:
    """Give a client of a Redis that this test may fill."""
    client = connect(Settings.from_environment({"REDIS_URL": own_redis.url}))
    yield client
    await client.aclose()


async def test_each_crossing_is_told_of_once(own_client: Redis, telemetry: Telemetry) -> None:
    """No limit, much room, over 80 % twice, room again, over 80 % again: two warnings and the return."""
    watch = MemoryWatch(own_client, telemetry)
    used = int((await own_client.info("memory"))["used_memory"])
    with capture_logs() as lines:
        for limit in (0, 2 * used, used, used, 2 * used, used):
            await own_client.config_set("maxmemory", limit)
            await watch.look()
    assert [line["event"] for line in lines] == ["redis_memory_short", "redis_memory_back", "redis_memory_short"]
    assert [line["log_level"] for line in lines] == ["warning", "info", "warning"]
    assert int(lines[0]["percent"]) > 80
    assert "SHED_JOB_DATA" in str(lines[0]["hint"])
    shown = telemetry.registry.get_sample_value
    assert shown("topic_model_redis_maxmemory_bytes") == used
    assert (shown("topic_model_redis_memory_bytes") or 0) > used // 2
