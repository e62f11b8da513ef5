"""Training by the queue: what is sent, what is shown meanwhile, and how it ends; the worker alone is made up."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from bullmq import Job, Queue, Worker

from tests.redis_server import RedisServer
from worker.analyses.request import Asked
from worker.errors import RedisUnusable

pytest.importorskip("streamlit", reason="pip install 'topic-model-worker[dashboard]'")
COMPLETED = {"version": "1.0.0", "status": "completed", "topics": [], "assignments": [], "outlierCount": 2}


async def _work(url: str, queue: str, process: Callable[[Job], Awaitable[Any]], path: Path) -> Any:
    """Train by the queue beside a worker that does this to each job; give what was made and what was told."""
    from worker.dashboard.background_work import Board
    from worker.dashboard.queueing import train_by_queue

    board = Board(str(path.parent))
    worker = Worker(queue, lambda job, _: process(job), {"connection": url})
    try:
        asked = Asked(path=str(path), tenant="campus-3", params={"nr_topics": 5})
        return await asyncio.to_thread(train_by_queue, asked, board), board
    finally:
        await worker.close(force=True)


@pytest.fixture
def table(tmp_path: Path, redis_server: RedisServer, queue_name: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a table of two comments, and set the queue."""
    monkeypatch.setenv("REDIS_URL", redis_server.url)
    monkeypatch.setenv("TOPIC_MODEL_QUEUE", queue_name)
    path = tmp_path / "comments.csv"
    path.write_text("id,comment\na,good\nb,better\n", encoding="utf-8")
    return path


async def test_a_job_is_sent_and_waited_for(table: Path, redis_server: RedisServer, queue_name: str) -> None:
    """The worker embeds the comments and keeps the model; its progress is shown, and the result given."""
    taken: list[Any] = []

    async def process(job: Job) -> Any:
        taken.append(job)
        await job.updateProgress({"stage": "embed", "percent": 40, "leftS": 3.0})
        await asyncio.sleep(1.2)  # the page looks twice a second
        return COMPLETED

    done, board = await _work(redis_server.url, queue_name, process, table)
    assert done.result == COMPLETED
    (job,) = taken
    assert job.name == "topic-model"
    assert job.id == f"{job.data['metadata']['pipelineId']}--topic-model"
    assert job.data["params"] == {"nr_topics": 5, "embed_missing": True}
    assert job.data["model"] == {"tenant": "campus-3"}
    assert job.data["items"] == [{"submissionId": "a", "text": "good"}, {"submissionId": "b", "text": "better"}]
    assert (board.share, board.doing) == (0.4, "embed, about 3 s left")


async def test_a_refusal_of_the_worker_is_told(table: Path, redis_server: RedisServer, queue_name: str) -> None:
    """In its own words."""
    from worker.dashboard.in_process import NotDone

    async def process(job: Job) -> Any:
        return {"version": "1.0.0", "status": "failed", "error": "Received 2 items, need at least 15"}

    with pytest.raises(NotDone, match="failed: Received 2 items, need at least 15"):
        await _work(redis_server.url, queue_name, process, table)


async def test_a_job_that_waits_is_cancelled(table: Path, redis_server: RedisServer, queue_name: str) -> None:
    """By the page's button, as by the command; the job is gone."""
    from worker.dashboard.background_work import Board
    from worker.dashboard.in_process import NotDone
    from worker.dashboard.queueing import train_by_queue

    board = Board(str(table.parent))
    training = asyncio.create_task(asyncio.to_thread(train_by_queue, Asked(path=str(table)), board))
    while not board.can_cancel:
        await asyncio.sleep(0.05)
    await asyncio.to_thread(_click_cancel, board)
    assert board.is_cancelled
    with pytest.raises(NotDone, match="--topic-model was cancelled"):
        await training
    queue = Queue(queue_name, {"connection": redis_server.url})
    assert await queue.getJobCounts("waiting") == {"waiting": 0}
    await queue.close()


def _click_cancel(board: Any) -> None:
    """Show the work as the page does, and click its only button."""
    from streamlit.testing.v1 import AppTest

    page = AppTest.from_string(
        "import streamlit as st\nfrom worker.dashboard.background_work import watch\nwatch(st.session_state.work)\n"
    )
    page.session_state["work"] = SimpleNamespace(board=board, is_running=True, error="", result=None)
    page.run(timeout=60)
    (button,) = page.button
    assert button.label == "Cancel"
    button.click().run(timeout=60)
    assert not page.exception


def test_redis_away_is_told(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its address, without the password."""
    from worker.dashboard.background_work import Board
    from worker.dashboard.queueing import train_by_queue

    monkeypatch.setenv("REDIS_URL", "redis://me:secret@127.0.0.1:1")
    with pytest.raises(RedisUnusable, match=r"Redis at redis://127\.0\.0\.1:1 does not answer") as raised:
        train_by_queue(Asked(path=str(table)), Board(str(table.parent)))
    assert "secret" not in str(raised.value)
