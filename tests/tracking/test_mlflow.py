"""A real MLflow on sqlite and PostgreSQL: runs, versions, the alias, and a model that MLflow loads by itself."""

import importlib.util
import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.acceptance.envelopes import themed_envelope
from tests.acceptance.processes import PROJECT, Producer, WorkerProcess
from tests.environment import clean_environment
from tests.lifecycle.batches import N_PER_DAY, TENANT, envelope_of, run
from tests.postgres_server import PROGRAMS, PostgresServer
from tests.redis_server import RedisServer
from tests.replay.commands import ask, documents_of, told
from worker.jobs.registry import KINDS
from worker.models.assignment import assign
from worker.models.model_file import from_files
from worker.settings import Settings
from worker.store.store import ModelStore
from worker.tracking.tracking import start_tracking

FIT, UPDATE, TUNE = "topic-model", "topic-model.update", "topic-model.tune"
NAME = f"topic-model-{TENANT}"
WAIT_S = 280.0
DRIVERS = ("psycopg", "psycopg2")
PREFIX, QUEUE = "faculytics:bull", "tracked"
TUNED = {
    "status": "completed",
    "trials": [
        {"params": {}, "inForce": {"min_topic_size": 10}, "topicCount": 4, "objective": 0.25, "metrics": {"npmi": 0.1}},
        {"params": {"nr_topics": 3}, "inForce": {}, "error": "No topics"},
        {"params": {"nr_topics": 5}, "inForce": {}, "topicCount": 5, "objective": 0.5, "metrics": {"npmi": 0.2}},
    ],
    "best": {"trial": 2, "params": {"nr_topics": 5}, "beatsDefault": True, "gain": 0.25, "noise": 0.0625},
}
MISSING = [name for name in ("mlflow", "sqlalchemy", "alembic") if importlib.util.find_spec(name) is None]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        bool(MISSING), reason=f"{', '.join(MISSING)} is not installed: pip install mlflow-skinny sqlalchemy alembic"
    ),
]


@pytest.fixture(params=["sqlite", "postgresql"])
def uri(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the address of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/mlflow.db"
        return
    if PROGRAMS is None:
        pytest.skip("PostgreSQL is not here: apt-get install postgresql")
    driver = next((name for name in DRIVERS if importlib.util.find_spec(name)), None)
    if driver is None:
        pytest.skip("no driver for PostgreSQL is installed: pip install psycopg2-binary")
    server = PostgresServer()
    try:
        server.start()
        yield server.url.replace("postgresql", f"postgresql+{driver}", 1)
    finally:
        server.stop()


def held_by(uri: str, folder: Path, vectors: np.ndarray[Any, Any]) -> dict[str, Any]:
    """Read what MLflow holds."""
    file = folder / "vectors.npy"
    np.save(file, vectors)
    done = subprocess.run(
        [sys.executable, "-m", "tests.tracking.reading", NAME, str(file)],
        env=clean_environment(
            MLFLOW_TRACKING_URI=uri,
            MLFLOW_DISABLE_TELEMETRY="true",
            PYTHONPATH=f"{PROJECT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
        ),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_the_life_of_a_model(uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each job is a run, each kept version is registered, the alias follows the store, no comment goes with them."""
    monkeypatch.chdir(tmp_path)  # MLflow puts artifacts of a database beside it
    store = tmp_path / "models"
    lines: list[str] = []
    settings = Settings.from_environment({"MLFLOW_TRACKING_URI": uri, "MODEL_STORE": str(store)})
    tracking = start_tracking(settings, lambda *line: lines.append(str(line)))
    delivered = []
    for day, kind in enumerate((FIT, UPDATE, UPDATE)):
        envelope = envelope_of(day, kind, params={"nr_topics": 9} if day else {})
        job = tracking.begin(kind, f"job-{day}", KINDS[kind].read(envelope))
        delivered.append((job, run(envelope, store, f"job-{day}")))
    versions = ModelStore(str(store)).versions(TENANT)
    # A person has gone back to the second version, whose run was lost, before MLflow hears of the third.
    ModelStore(str(store)).activate_by_hand(TENANT, versions[1])
    tracking.on_delivered(*delivered[0])
    tracking.on_delivered(*delivered[2])
    tuning = KINDS[TUNE].read(envelope_of(3, TUNE, params={"grid": {"nr_topics": [3, 5]}}))
    tracking.on_delivered(tracking.begin(TUNE, "job-3", tuning), TUNED)
    tracking.close(WAIT_S)
    assert lines == []

    vectors = np.array([item["embedding"] for item in envelope_of(4)["items"]], dtype=np.float32)
    found = held_by(uri, tmp_path, vectors)
    assert found["active"] == versions[1]
    assert sorted(found["versions"]) == sorted(versions)
    _check_runs(found["runs"], versions)
    _check_predictions(found, store, versions[1], vectors)
    files = [*sorted((tmp_path / "mlruns").rglob("*")), *tmp_path.glob("mlflow.db")]
    kept = b"".join(file.read_bytes() for file in files if file.is_file())
    assert b"part_sums" in kept
    for item in [item for day in range(3) for item in envelope_of(day)["items"]]:
        assert item["text"].encode() not in kept
        assert item["submissionId"].encode() not in kept


def _check_runs(runs: list[dict[str, Any]], versions: list[str]) -> None:
    fit, update, tune = runs
    assert [one["status"] for one in runs] == ["FINISHED"] * 3
    assert [one["tags"]["job_id"] for one in runs] == ["job-0", "job-2", "job-3"]
    assert [one["tags"]["kind"] for one in runs] == [FIT, UPDATE, TUNE]
    assert (fit["tags"]["model_version"], update["tags"]["model_version"]) == (versions[2], versions[0])
    assert update["tags"]["previous_version"] == versions[1]
    assert (fit["params"]["nr_topics"], update["params"]["nr_topics"]) == ("default", "9")
    assert fit["metrics"]["items"] == N_PER_DAY
    assert {"npmi_coherence", "topic_diversity", "outlier_ratio", "duration_s", "topics"} <= fit["metrics"].keys()
    assert update["tags"]["drift"] == "too few to tell"
    assert fit["metrics"]["topics"] == len(fit["topics"])
    assert len(fit["csv"].splitlines()) == 1 + len(fit["topics"])
    assert {"topicIndex", "rawLabel", "keywords", "docCount"} == fit["topics"][0].keys()
    assert tune["params"]["grid"] == '{"nr_topics": [3, 5]}'
    assert tune["tags"]["best_params"] == '{"nr_topics": 5}'
    assert tune["metrics"].items() >= {"best_gain": 0.25, "noise": 0.0625, "beats_default": 1, "objective": 0.5}.items()
    assert [row.get("objective") for row in tune["trials"]] == [0.25, None, 0.5]


def _check_predictions(found: dict[str, Any], store: Path, version: str, vectors: np.ndarray[Any, Any]) -> None:
    model = from_files(*ModelStore(str(store)).read(TENANT, version))
    expected = assign(model, (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32))
    assert len(set(expected.labels.tolist())) > 1
    for answer in found["predicted"].values():
        assert answer["topic"] == expected.labels.tolist()
        assert np.allclose(answer["probability"], expected.probabilities, atol=1e-4)
        for number, keywords in zip(answer["topic"], answer["keywords"], strict=True):
            assert keywords == (", ".join(model.topic(number).keywords) if number >= 0 else "")
    assert found["index"] == [f"row {i}" for i in range(len(vectors))]
    assert "768 dimensions, these have 5" in found["refused"][0]
    assert "zero or not finite" in found["refused"][1]


class Dead:
    """A server that is away, and later takes connections and never says a word."""

    def __init__(self) -> None:
        """Have an address at which nobody listens."""
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.was_asked = threading.Event()
        self._connections: list[socket.socket] = []

    def fall_silent(self) -> None:
        """Take connections."""
        self._socket.listen()
        threading.Thread(target=self._take, daemon=True).start()

    def close(self) -> None:
        """End."""
        self._socket.close()
        for connection in self._connections:
            connection.close()

    def _take(self) -> None:
        connection, _ = self._socket.accept()
        self._connections.append(connection)
        if connection.recv(1):
            self.was_asked.set()


@pytest.fixture
def dead() -> Iterator[Dead]:
    """Give a dead server."""
    server = Dead()
    yield server
    server.close()


def test_a_dead_server_holds_no_job_up(redis_server: RedisServer, dead: Dead) -> None:
    """One line tells that it is away; jobs end while it owes an answer, and so does the worker."""
    worker = WorkerProcess(
        REDIS_URL=redis_server.url,
        BULLMQ_PREFIX=PREFIX,
        TOPIC_MODEL_QUEUE=QUEUE,
        TOPIC_MODEL_TEST_ENGINE="tests.compute.engines.faults:by_text",
        MLFLOW_TRACKING_URI=dead.url,
        MLFLOW_HTTP_REQUEST_MAX_RETRIES="0",
        MLFLOW_HTTP_REQUEST_TIMEOUT="600",
    )
    producer = Producer("bullmq-6", redis_server.port, QUEUE, PREFIX)
    try:
        worker.wait_for("worker_ready")
        results = [_result_of(producer), _result_of(producer)]
        assert "refused" in worker.wait_for("tracking_failed")["reason"]
        dead.fall_silent()
        results.append(_result_of(producer))
        assert dead.was_asked.wait(WAIT_S)
        results += [_result_of(producer), _result_of(producer)]
        assert all(result == results[0] for result in results)
        assert worker.stop() == 0
        assert worker.names().count("tracking_failed") == 1
        assert "closing_hung" not in worker.names()
        # The second run may still wait when the server falls silent.
        assert re.search(r"\b[34] runs", worker.wait_for("runs_not_sent")["reason"])
    finally:
        producer.close()
        worker.clear_away()


def test_a_person_gets_the_result_whether_mlflow_is_there_or_not(tmp_path: Path, dead: Dead) -> None:
    """The same result on stdout and the same exit code, and one line more on stderr."""
    file = tmp_path / "job.json"
    file.write_text(json.dumps(envelope_of(0)), encoding="utf-8")
    engine = {"TOPIC_MODEL_TEST_ENGINE": "tests.lifecycle.theme_engine:fit"}
    server = {"MLFLOW_TRACKING_URI": dead.url, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
    without = ask("--once", file, MODEL_STORE=str(tmp_path / "a"), **engine)
    with_it = ask("--once", file, MODEL_STORE=str(tmp_path / "b"), **engine, **server)
    for answer in (without, with_it):
        assert answer.returncode == 0, told(answer)
    (first,), (second,) = documents_of(without), documents_of(with_it)
    first.pop("model")
    assert second.pop("model")["tenant"] == TENANT
    assert first == second
    (line,) = [line for line in told(with_it).splitlines() if "MLflow" in line]
    assert line.startswith("warning: MLflow: ")
    assert "Connection refused" in line
    assert "MLflow" not in told(without)


def _result_of(producer: Producer) -> dict[str, Any]:
    envelope = themed_envelope(5, 4)
    envelope["items"][0]["text"] = "succeeds"
    job = producer.run(envelope)
    assert (job["state"], job["attemptsMade"], job["returnvalue"]["status"]) == ("completed", 1, "completed")
    return {name: value for name, value in job["returnvalue"].items() if name not in {"completedAt", "assignments"}}
