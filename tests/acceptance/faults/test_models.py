"""Faults around the activation of a tenant's model: every comment is counted, and counted once."""

import gzip
import json
import os
import re
import signal
import time
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from tests.acceptance.faults.conftest import StartWorker
from tests.acceptance.faults.engine import Record
from tests.acceptance.processes import Producer
from tests.lifecycle.batches import N_PER_DAY, TENANT, envelope_of, seen_by
from tests.redis_server import RedisServer, free_port
from worker.store.store import ModelStore

UPDATE = "topic-model.update"
ENGINE = "tests.acceptance.faults.model_engine:run"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Give an empty store."""
    return tmp_path / "models"


def day(number: int, what: str) -> dict[str, Any]:
    """Make the update of a day whose first comment tells the engine what to do."""
    envelope = envelope_of(number, UPDATE, metadata={"pipelineId": what.rpartition(" ")[2]})
    envelope["items"] = [{**envelope["items"][0], "text": what}, *envelope["items"][1:]]
    return envelope


def wait_until_active(store: Path, seq: int, timeout_s: float = 60) -> None:
    """Wait until the activation log has an entry."""
    deadline = time.monotonic() + timeout_s
    while not (store / TENANT / "active" / f"{seq:08}.json").exists():
        assert time.monotonic() < deadline, f"no activation {seq}"
        time.sleep(0.01)


def test_a_worker_dies_between_activation_and_delivery(
    own_redis: RedisServer, record: Record, start_worker: StartWorker, producer: Producer, store: Path
) -> None:
    """The retry finds the activation: the same result, completedAt included, and no comment counted twice."""
    options = {"TOPIC_MODEL_TEST_ENGINE": ENGINE, "MODEL_STORE": str(store)}
    worker = start_worker(**options)
    first = producer.run(day(0, "sleep:0 first"))["returnvalue"]
    assert first["status"] == "completed"
    job_id = producer.add(day(1, "wait second"))
    record.wait_until_begun("second")
    # Nothing is delivered from here on, and the worker is gone before it could be.
    own_redis.freeze()
    record.let_go("second")
    wait_until_active(store, 2)
    worker.kill()
    own_redis.thaw()
    opened = ModelStore(str(store))
    active = opened.active(TENANT)
    assert active is not None
    start_worker(**options)
    job = producer.ask("wait", id=job_id)
    assert (job["state"], job["attemptsMade"]) == ("completed", 1)
    result = job["returnvalue"]
    assert record.began("second") == record.ended("second") == record.began("second")[:1], "it was computed once"
    assert result["model"] == {
        "tenant": TENANT,
        "version": active.version,
        "previousVersion": first["model"]["version"],
    }
    files, _ = opened.read(TENANT, active.version)
    kept = json.loads(gzip.decompress(files["outcome.json.gz"]))
    assert result["completedAt"] == kept["completedAt"] <= active.at
    assert [entry.seq for entry in opened.activations(TENANT)] == [2, 1]
    assert seen_by(store) == 2 * N_PER_DAY
    assert sum(topic["docCount"] for topic in result["topics"]) + result["outlierCount"] == N_PER_DAY


def test_a_compute_process_dies_before_the_activation(
    record: Record, start_worker: StartWorker, producer: Producer, store: Path
) -> None:
    """The next attempt computes anew and counts the comments once."""
    start_worker(TOPIC_MODEL_TEST_ENGINE=ENGINE, MODEL_STORE=str(store))
    producer.run(day(0, "sleep:0 first"))
    job_id = producer.add(day(1, "wait second"))
    (pid,) = record.wait_until_begun("second")
    os.kill(pid, signal.SIGKILL)
    record.wait_until_begun("second", times=2)
    record.let_go("second")
    assert producer.ask("wait", id=job_id)["returnvalue"]["status"] == "completed"
    assert seen_by(store) == 2 * N_PER_DAY


def test_a_store_that_is_away_fails_the_attempt_and_not_the_job(
    start_worker: StartWorker, producer: Producer, tmp_path: Path
) -> None:
    """One line says which store and why; the job is done once the store is back."""
    in_the_way = tmp_path / "models"
    in_the_way.write_text("no folder", encoding="utf-8")
    port = free_port()
    worker = start_worker(TOPIC_MODEL_TEST_ENGINE=ENGINE, MODEL_STORE=str(in_the_way), HEALTH_PORT=str(port))
    assert worker.wait_for("model_store_is_a_folder")["path"] == str(in_the_way)
    job_id = producer.add(day(0, "sleep:0 first"), attempts=100)
    reason = worker.wait_for("job_failed", job_id=job_id)["reason"]
    assert reason.startswith("model store: ")
    assert reason.endswith("in stage load"), "before anything is computed"
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        metrics = answer.read().decode()
    assert re.search(r'^topic_model_store_errors_total\{operation="find"\} [1-9]', metrics, re.MULTILINE)
    in_the_way.unlink()
    assert producer.ask("wait", id=job_id)["returnvalue"]["status"] == "completed"
    assert seen_by(in_the_way) == N_PER_DAY
