"""A job that waits for labels in a real compute process."""

import asyncio

import pytest

from tests.labels.label_server import hang, serving
from tests.labels.waiting_task import AskForLabels
from worker.compute.compute import Compute
from worker.compute.config import ComputeConfig
from worker.errors import ComputeCancelled
from worker.labels.service import LabelService
from worker.settings import Settings

WAIT_S = 200


async def test_a_job_that_waits_for_labels_can_be_cancelled() -> None:
    """It is the compute process that waits: the worker's event loop goes on, and a cancellation ends the wait."""
    compute = Compute(ComputeConfig.of(Settings.from_environment({}), needs_engine=False))
    with serving(hang) as server:
        task = AskForLabels(LabelService(server.base_url, "a-model", timeout_s=WAIT_S))
        job = asyncio.create_task(compute.run(task, timeout_s=WAIT_S, on_stage=lambda _: None, key="job"))
        try:
            assert await asyncio.to_thread(server.asked.wait, WAIT_S)
            compute.cancel("Cancelled", "job")
            with pytest.raises(ComputeCancelled, match="Cancelled"):
                await job
        finally:
            await compute.close()
