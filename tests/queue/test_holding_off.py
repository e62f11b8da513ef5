"""No job is taken while it would only wait for the compute process to start."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from bullmq import Queue
from redis.asyncio import Redis

from worker.compute.compute import Compute, ComputeState
from worker.compute.config import ComputeConfig
from worker.queue.library import LibraryWorker, is_picking_up
from worker.settings import Settings

ENGINE = "tests.compute.engines.faults:by_text"


@pytest.fixture
async def compute(settings: Settings, worker: LibraryWorker) -> AsyncIterator[Compute]:
    """Give the worker a compute process that is not started yet."""
    compute = worker.compute = Compute(replace(ComputeConfig.of(settings), engine=ENGINE))
    yield compute
    await compute.close()


async def test_a_job_is_left_to_others_until_a_process_is_warm(
    queue: Queue, worker: LibraryWorker, client: Redis, compute: Compute
) -> None:
    """The pick-up itself has a process started; the job waits in the queue and not under a lock."""
    await queue.add("topic-model", {}, {"jobId": "job"})
    taking = asyncio.create_task(worker.getNextJob("token"))
    while compute.state is not ComputeState.STARTING:
        assert not taking.done()
        await asyncio.sleep(0.001)
    assert await client.lrange(worker.backend.toKey("wait"), 0, -1) == ["job"]
    job = await taking
    assert job is not None
    assert compute.state is ComputeState.IDLE
    assert await client.get(worker.backend.toKey("job:lock")) == "token"


async def test_a_worker_that_stops_waits_for_no_process(
    queue: Queue, worker: LibraryWorker, client: Redis, compute: Compute, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long a start takes, the pick-up ends at once and the job stays for others."""
    monkeypatch.setattr(compute, "renew_soon", lambda: None)
    await queue.add("topic-model", {}, {"jobId": "job"})
    taking = asyncio.create_task(worker.getNextJob("token"))
    worker.processing.add(taking)
    while not worker.is_holding_off:
        await asyncio.sleep(0.001)
    assert not is_picking_up(worker)
    await worker.pause(True)
    assert await taking is None
    assert await client.lrange(worker.backend.toKey("wait"), 0, -1) == ["job"]
