"""A worker whose clock is an hour off does what a right one does."""

import time

import pytest
from bullmq import Queue
from redis.asyncio import Redis
from structlog.testing import capture_logs

from tests.queue.conftest import Take
from worker.queue.delivery import deliver, record_failure
from worker.queue.library import LibraryWorker

HOUR_S = 3600


@pytest.fixture(params=[HOUR_S, -HOUR_S], ids=["fast", "slow"])
async def off_s(request: pytest.FixtureRequest, worker: LibraryWorker, monkeypatch: pytest.MonkeyPatch) -> int:
    """Set this machine's clock wrong, and let the worker look at Redis's."""
    right = time.time
    monkeypatch.setattr(time, "time", lambda: right() + request.param)
    with capture_logs() as lines:
        for _ in range(2):
            await worker.clock.measure()
    assert [line["event"] for line in lines] == ["clock_differs"]
    return int(request.param)


async def redis_ms(client: Redis) -> int:
    """Ask Redis for its time."""
    seconds, microseconds = await client.time()
    return 1000 * seconds + microseconds // 1000


async def due_ms(worker: LibraryWorker, client: Redis) -> float:
    """Tell when a delayed job is due."""
    score = await client.zscore(worker.backend.toKey("delayed"), "job")
    assert score is not None
    return score / 4096


async def test_a_job_is_handed_back_for_now(off_s: int, take: Take, worker: LibraryWorker, client: Redis) -> None:
    """It is due at once, on any clock."""
    claim = await take()
    await claim.hand_back()
    assert await due_ms(worker, client) < await redis_ms(client) - HOUR_S * 1000
    assert await worker.getNextJob(f"{worker.id}:2") is not None


async def test_a_retry_is_due_after_its_backoff(off_s: int, take: Take, worker: LibraryWorker, client: Redis) -> None:
    """By Redis's clock."""
    claim = await take(attempts=2, backoff={"type": "fixed", "delay": 600_000})
    before = await redis_ms(client)
    assert await record_failure(claim, "it broke")
    assert before + 595_000 <= await due_ms(worker, client) <= await redis_ms(client) + 605_000
    assert await worker.getNextJob(f"{worker.id}:2") is None, "it was taken before it was due"


async def test_a_delayed_job_is_waited_for(
    off_s: int, queue: Queue, worker: LibraryWorker, client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that waits for a job that is due at once takes it, and does not wait an hour."""
    assert await worker.getNextJob(f"{worker.id}:1") is None
    key = worker.backend.toKey
    now = await redis_ms(client)
    await queue.add("topic-model", {}, {"jobId": "job"})
    await client.lrem(key("wait"), 1, "job")
    await client.delete(key("marker"))
    await client.zadd(key("delayed"), {"job": now * 4096})
    await client.zadd(key("marker"), {"1": now})
    assert await worker.getNextJob(f"{worker.id}:2") is not None


async def test_results_are_kept_for_as_long_as_asked(
    off_s: int, take: Take, worker: LibraryWorker, client: Redis
) -> None:
    """`removeOnComplete` by age goes by Redis's clock, not by that of whichever worker finishes next."""
    key = worker.backend.toKey
    keep = {"removeOnComplete": {"age": HOUR_S // 2}}
    now = await redis_ms(client)
    await client.hset(key("earlier"), mapping={"finishedOn": str(now)})
    await client.zadd(key("completed"), {"earlier": now})
    assert await deliver(await take(**keep), {"status": "completed"})
    assert await client.exists(key("earlier"), key("job")) == 2
    assert abs(int(await client.hget(key("job"), "finishedOn")) - now) < HOUR_S * 1000 / 2


async def test_a_clock_that_is_right_is_left_alone(worker: LibraryWorker) -> None:
    """No line, no offset: Redis's time lies between the question and the answer, to a millisecond or so."""
    with capture_logs() as lines:
        await worker.clock.measure()
    assert lines == []
    assert abs(worker.clock.offset_ms) <= 100
