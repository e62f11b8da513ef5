"""Progress never keeps a job."""

import asyncio
import contextlib
from typing import Any

import pytest

from worker.jobs.topic_model import TOPIC_MODEL
from worker.jobs.tune import TUNE
from worker.operations.prometheus_metrics import Telemetry
from worker.queue import progress
from worker.queue.progress import ProgressReport, bounded
from worker.queue.stage_history import StageHistory
from worker.topics.fit import EMBED, BatchWarning, StageAdvanced, StageFinished, StageStarted


class _Job:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.lines: list[str] = []

    async def updateProgress(self, document: dict[str, Any]) -> None:  # noqa: N802
        self.told.append(document)

    async def log(self, line: str) -> None:
        assert ": " in line
        self.lines.append(line)


async def run(history: StageHistory, *stages: str, status: str = "completed") -> list[dict[str, Any]]:
    """Report a job of 100 items whose stages take two seconds each; give what was written, without the times."""
    job = _Job()
    async with ProgressReport(job, TOPIC_MODEL, Telemetry(300), history) as report:
        report.on_stage(StageStarted("validate"))
        report.on_request(100)
        report.on_stage(StageFinished("validate", 5.0))
        for stage in stages:
            report.on_stage(StageStarted(stage))
            report.on_stage(StageFinished(stage, 2.0))
        report.on_complete({"status": status})
    return [{name: value for name, value in document.items() if name != "at"} for document in job.told]


async def test_the_second_job_knows_how_long_it_takes() -> None:
    """The first one has no history; one whose data were at fault leaves none."""
    history = StageHistory()
    rejected = await run(history, "neighbours", status="failed")
    first = await run(history, "neighbours", "reduce")
    assert rejected == [first[0], first[1], first[-1]]
    assert first == [
        {"stage": "validate", "percent": 0},
        {"stage": "neighbours", "percent": 5},
        {"stage": "reduce", "percent": 15},
        {"stage": "deliver", "percent": 100, "leftS": 0.0},
    ]
    assert [document.get("leftS") for document in await run(history, "neighbours", "reduce")] == [None, 4.0, 2.0, 0.0]
    assert [document.get("leftS") for document in await run(history, "load", "neighbours")] == [None, None, None, 0.0]


async def test_stages_that_begin_again_let_the_percentage_stand() -> None:
    """A job that lost the race for its tenant's model goes through them twice."""
    told = await run(StageHistory(), "load", "neighbours", "keep", "load", "keep")
    assert [document["percent"] for document in told] == [0, 3, 5, 98, 98, 98, 100]


async def test_progress_within_a_stage_goes_by_its_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left is estimated by what the stage took so far; the percentage stays below the next stage's."""
    now = 100.0
    monkeypatch.setattr(progress.time, "monotonic", lambda: now)
    job = _Job()
    async with ProgressReport(job, TUNE, Telemetry(300), StageHistory()) as report:
        report.on_stage(StageStarted("neighbours"))
        report.on_stage(StageStarted("try"))
        for done in (1, 3, 4):
            now = 100.0 + 10 * done
            report.on_stage(StageAdvanced("try", done / 4))
    told = [(document["stage"], document["percent"], document.get("leftS")) for document in job.told]
    assert told == [
        ("neighbours", 2, None),
        ("try", 5, None),
        ("try", 28, 30.0),
        ("try", 76, 10.0),
        ("try", 100, 0.0),
    ]


async def test_a_write_that_swallows_its_cancellation_is_left_behind() -> None:
    """redis-py does that while it connects; `asyncio.wait_for` waits for it from Python 3.12 on."""
    released = asyncio.Event()

    async def stubborn() -> None:
        while not released.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await released.wait()

    task = asyncio.create_task(stubborn())
    with pytest.raises(TimeoutError):
        await bounded(task, 0.01)
    assert not task.done()
    released.set()
    await task


async def test_what_a_write_raises_is_passed_on() -> None:
    """In time, it is as if it were awaited."""

    async def breaks() -> None:
        raise KeyError(progress.WRITE_TIMEOUT_S)

    with pytest.raises(KeyError):
        await bounded(asyncio.create_task(breaks()), 10)


async def test_embedding_is_told_as_it_goes() -> None:
    """It takes the first half, each percent once; the other stages share the second half. A warning is a line."""
    job = _Job()
    async with ProgressReport(job, TOPIC_MODEL, Telemetry(300), StageHistory()) as report:
        report.on_stage(StageStarted("validate"))
        report.on_request(100)
        report.on_stage(StageFinished("validate", 5.0))
        report.on_stage(StageStarted(EMBED))
        for share in (0.001, 0.24, 0.2401, 0.5, 1.0):
            report.on_stage(StageAdvanced(EMBED, share))
        report.on_stage(BatchWarning("these comments: odd"))
        report.on_stage(StageFinished(EMBED, 2.0))
        for stage in ("neighbours", "reduce"):
            report.on_stage(StageStarted(stage))
        report.on_complete({"status": "completed"})
    told = [(document["stage"], document["percent"]) for document in job.told]
    advanced = [(EMBED, 1), (EMBED, 12), (EMBED, 25), (EMBED, 50)]
    assert told == [("validate", 0), *advanced, ("neighbours", 52), ("reduce", 57), ("deliver", 100)]
    assert "warning: these comments: odd" in job.lines
