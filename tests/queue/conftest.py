"""BullMQ's worker and a client in the test's own process, against a real Redis."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from bullmq import Queue
from redis.asyncio import Redis

from tests.redis_server import RedisServer
from worker.compute.compute import Compute
from worker.compute.config import ComputeConfig
from worker.operations.prometheus_metrics import Telemetry
from worker.queue.claim import Claim
from worker.queue.connection import connect
from worker.queue.library import LibraryWorker
from worker.queue.locks import LockWatch
from worker.settings import Settings

LOCK_MS = 120_000

Take = Callable[..., Awaitable[Claim]]


@pytest.fixture
async def queue(redis_server: RedisServer, queue_name: str) -> AsyncIterator[Queue]:
    """Give a producer for the test's queue."""
    queue = Queue(queue_name, {"connection": {"host": "127.0.0.1", "port": redis_server.port}})
    yield queue
    await queue.close()


@pytest.fixture
def settings(redis_server: RedisServer, queue_name: str) -> Settings:
    """Point to the test's queue."""
    return Settings.from_environment({"REDIS_URL": redis_server.url, "TOPIC_MODEL_QUEUE": queue_name})


@pytest.fixture
async def client(settings: Settings) -> AsyncIterator[Redis]:
    """Give the client that the worker would use."""
    client = connect(settings)
    yield client
    await client.aclose()


@pytest.fixture
async def worker(settings: Settings, client: Redis) -> AsyncIterator[LibraryWorker]:
    """Give BullMQ's worker, not running."""
    options = {"connection": client, "prefix": settings.bullmq_prefix, "autorun": False, "lockDuration": LOCK_MS}
    worker = LibraryWorker(settings.queue_name, None, options)
    yield worker
    await worker.close(force=True)


@pytest.fixture
def take(queue: Queue, worker: LibraryWorker, client: Redis) -> Take:
    """Give a function that enqueues a job, picks it up, and claims it."""

    async def take(job_id: str = "job", token: str = "", **options: object) -> Claim:
        token = token or f"{worker.id}:{job_id}"
        await queue.add("topic-model", {}, {"jobId": job_id, **options})
        job = await worker.getNextJob(token)
        assert job is not None
        return Claim(client, worker, job, token, LOCK_MS)

    return take


@pytest.fixture
def telemetry() -> Telemetry:
    """Give metrics of one test's own."""
    return Telemetry(300)


@pytest.fixture
def watch(settings: Settings, telemetry: Telemetry) -> LockWatch:
    """Give a watch over a compute process that was never started."""
    return LockWatch(Compute(ComputeConfig.of(settings)), LOCK_MS, telemetry)
