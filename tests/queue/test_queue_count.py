"""The count of the queue's jobs: what it tells of a refusal that stays."""

from redis.asyncio import Redis
from structlog.testing import capture_logs

from worker.compute.compute import Compute
from worker.compute.config import ComputeConfig
from worker.operations.health import Health
from worker.operations.prometheus_metrics import Telemetry
from worker.operations.queue_count import QueueCounter
from worker.settings import Settings


async def test_a_refusal_is_logged_when_it_is_new(client: Redis, settings: Settings, telemetry: Telemetry) -> None:
    """It may stay for hours, and the jobs are counted every five seconds; after it has gone it is new again."""
    key = f"{settings.bullmq_prefix}:{settings.queue_name}"
    health = Health(Compute(ComputeConfig.of(settings)), 300)
    counter = QueueCounter(client, key, health, telemetry)

    async def told() -> list[str]:
        with capture_logs() as lines:
            await counter.count()
        return [line["event"] for line in lines]

    assert await told() == []
    await client.set(f"{key}:prioritized", "not BullMQ's")
    assert [await told() for _ in range(3)] == [["queue_not_counted"], [], []]
    assert any("WRONGTYPE" in reason for reason in health.why_not_ready())
    await client.delete(f"{key}:prioritized")
    assert await told() == []
    await client.set(f"{key}:prioritized", "not BullMQ's")
    assert await told() == ["queue_not_counted"]
    await client.delete(f"{key}:prioritized")
