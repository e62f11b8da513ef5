"""Workers with short locks, and the engine that a test controls."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.envelopes import themed_envelope
from tests.acceptance.faults.engine import FOLDER, Record
from tests.acceptance.processes import Producer, WorkerProcess
from tests.redis_server import RedisServer

PREFIX = "faculytics:bull"
LOCK_MS, STALLED_MS = 6000, 1000

StartWorker = Callable[..., WorkerProcess]


@pytest.fixture
def record(tmp_path: Path) -> Record:
    """Give the engine's record."""
    folder = tmp_path / "record"
    folder.mkdir()
    return Record(folder)


@pytest.fixture
def start_worker(own_redis: RedisServer, record: Record) -> Iterator[StartWorker]:
    """Start workers that are ended with the test."""
    started: list[WorkerProcess] = []

    def start(*, wait: bool = True, **variables: str) -> WorkerProcess:
        defaults = {
            "REDIS_URL": own_redis.url,
            "BULLMQ_PREFIX": PREFIX,
            "BULLMQ_LOCK_DURATION_MS": str(LOCK_MS),
            "BULLMQ_STALLED_INTERVAL_MS": str(STALLED_MS),
            "TOPIC_MODEL_TEST_ENGINE": "tests.acceptance.faults.engine:run",
            FOLDER: str(record.folder),
        }
        worker = WorkerProcess(**(defaults | variables))
        started.append(worker)
        if wait:
            worker.wait_for("worker_ready")
        return worker

    yield start
    for worker in started:
        worker.clear_away()


@pytest.fixture
def producer(own_redis: RedisServer) -> Iterator[Producer]:
    """Give a producer of the newest BullMQ."""
    process = Producer("bullmq-6", own_redis.port, "topic-model", PREFIX)
    yield process
    process.close()


def batch(what: str) -> dict[str, Any]:
    """Make a batch of 20 items that tells the engine what to do."""
    envelope = themed_envelope(5, 4)
    envelope["items"][0]["text"] = what
    envelope["metadata"]["pipelineId"] = what.rpartition(" ")[2]
    return envelope


def is_running(pid: int) -> bool:
    """Tell whether a process is there and no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_until_gone(pid: int, timeout_s: float = 10) -> None:
    """Wait for the end of a process that is no child of ours."""
    deadline = time.monotonic() + timeout_s
    while is_running(pid):
        assert time.monotonic() < deadline, f"process {pid} is still there"
        time.sleep(0.02)
