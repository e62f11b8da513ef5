"""A request to cancel a job that comes at a bad moment."""

import asyncio

import pytest
from redis.asyncio import Redis

from tests.queue.conftest import Take
from worker.compute.compute import Compute
from worker.compute.config import ComputeConfig
from worker.jobs.settlement import CANCELLED
from worker.jobs.update import UPDATE
from worker.lifecycle.stages import ModelStage
from worker.operations.prometheus_metrics import Telemetry
from worker.queue import cancellation
from worker.queue.cancellation import request_key, watching_requests
from worker.queue.locks import Held
from worker.queue.progress import ProgressReport
from worker.queue.stage_history import StageHistory
from worker.settings import Settings
from worker.topics.fit import StageStarted


async def test_a_job_is_not_stopped_while_its_model_is_kept(
    take: Take, client: Redis, settings: Settings, telemetry: Telemetry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its comments would count, though it says that it was cancelled; if it begins anew, it can be stopped again."""
    claim, compute, key = await take(), Compute(ComputeConfig.of(settings)), request_key("job", settings)
    is_stopped, asked = asyncio.Event(), []
    monkeypatch.setattr(cancellation, "CHECK_INTERVAL_S", 0.01)
    monkeypatch.setattr(compute, "cancel", lambda *named: named == (CANCELLED, "job") and is_stopped.set())
    report = ProgressReport(claim.job, UPDATE, telemetry, StageHistory())

    get = client.get

    async def noted(name: str) -> object:
        asked.append(name)
        return await get(name)

    monkeypatch.setattr(client, "get", noted)
    await client.set(key, str(claim.job.timestamp))
    report.on_stage(StageStarted(ModelStage.KEEP))
    async with watching_requests(Held(claim, {}), key, client, compute, lambda: not report.is_keeping):
        while len(asked) < 2 and not is_stopped.is_set():  # the first answer has had its effect by then
            await asyncio.sleep(0.01)
        assert not is_stopped.is_set()
        report.on_stage(StageStarted(ModelStage.LOAD))
        await is_stopped.wait()
