"""A prediction in a real compute process: what it imports, and what it leaves alone."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.lifecycle.batches import envelope_of, run, task_of
from worker.compute.compute import Compute
from worker.compute.config import ComputeConfig
from worker.compute.tasks import import_function
from worker.errors import EngineFailed
from worker.lifecycle.events import OnEvent, StoreUsed, TaskEvent
from worker.lifecycle.task import ModelTask
from worker.settings import Settings

PREDICT = "topic-model.predict"
# No task that fits nothing needs them, and each takes longer to import than a prediction takes.
NEVER = ("torch", "bertopic", "hdbscan", "sklearn", "numba", "umap", "sentence_transformers", "transformers", "pandas")


@dataclass(frozen=True, eq=False)
class ThenList:
    """Run a task, then say what is imported."""

    function: ClassVar[str] = "tests.lifecycle.test_compute:then_list"
    task: ModelTask


def then_list(probe: ThenList, host: object, on_event: OnEvent) -> tuple[Any, list[str]]:
    """Run in the compute process."""
    answer = import_function(probe.task.function)(probe.task, host, on_event)
    return answer, sorted(sys.modules)


async def test_a_prediction_imports_nothing_that_fits(tmp_path: Path) -> None:
    """Neither the process that is set up for it nor the task."""
    run(envelope_of(0), tmp_path, "first")
    settings = Settings.from_environment({})
    compute = Compute(ComputeConfig.of(settings, needs_engine=False))
    events: list[TaskEvent] = []
    try:
        task = ThenList(task_of(envelope_of(1, PREDICT), tmp_path, "job"))
        answer, modules = await compute.run(task, timeout_s=60, on_stage=events.append)
    finally:
        await compute.close()
    assert answer["status"] == "completed"
    # This module itself is imported there, and with it what makes the batches.
    assert {name.partition(".")[0] for name in modules} & set(NEVER) == set()
    assert [event.operation for event in events if isinstance(event, StoreUsed)] == ["find", "read"]


@pytest.mark.slow
async def test_an_error_of_the_store_comes_in_its_own_words(tmp_path: Path) -> None:
    """What is ours holds no data; it is told with the stage, and the process lives on."""
    in_the_way = tmp_path / "file"
    in_the_way.write_text("no folder", encoding="utf-8")
    settings = Settings.from_environment({"TOPIC_MODEL_TEST_ENGINE": "tests.lifecycle.theme_engine:fit"})
    compute = Compute(ComputeConfig.of(settings))
    try:
        await compute.start()
        pid = compute.pid
        for _ in range(2):
            task = task_of(envelope_of(0), in_the_way, "job")
            with pytest.raises(EngineFailed, match=rf"^model store: {in_the_way}.* in stage load$"):
                await compute.run(task, timeout_s=60, on_stage=lambda _: None)
        assert compute.pid == pid
    finally:
        await compute.close()
