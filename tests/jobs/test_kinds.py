"""A second kind of job needs one file and one line in the registry: everything else goes by the table."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.acceptance import conftest as acceptance
from tests.acceptance.envelopes import themed_envelope
from tests.acceptance.processes import Producer, WorkerProcess
from tests.jobs.word_count import WORD_COUNT
from tests.redis_server import RedisServer, free_port
from tests.replay.commands import ask
from worker.errors import ConfigurationError
from worker.jobs.registry import DEFAULT_KIND, KINDS, kind_of, kinds_with, show_schema
from worker.settings import Settings

TEST_KIND = "tests.jobs.word_count:WORD_COUNT"
HOOKS = {"TOPIC_MODEL_TEST_KIND": TEST_KIND, "TOPIC_MODEL_TEST_ENGINE": "tests.compute.engines.faults:succeeds"}

# The producers, installed.
node_project = acceptance.node_project


@pytest.fixture
def port() -> int:
    """Find a port for the metrics."""
    return free_port()


@pytest.fixture
def worker(redis_server: RedisServer, queue_name: str, port: int) -> Iterator[WorkerProcess]:
    """Start a worker that knows one kind more."""
    process = WorkerProcess(
        REDIS_URL=redis_server.url, TOPIC_MODEL_QUEUE=queue_name, HEALTH_PORT=str(port), LOG_LEVEL="DEBUG", **HOOKS
    )
    yield process
    if process.process.poll() is None:
        process.stop()


@pytest.mark.slow
def test_a_second_kind_runs_beside_the_first(
    worker: WorkerProcess, redis_server: RedisServer, queue_name: str, port: int
) -> None:
    """From the envelope to the metrics: progress, job log, log, return value, rejection, retries."""
    worker.wait_for("worker_ready")
    producer = Producer("bullmq-6", redis_server.port, queue_name, "bull")
    try:
        counted = producer.run({"type": "word-count", "items": ["one two", "three"]}, jobId="counted")
        assert counted["returnvalue"].pop("completedAt")
        assert counted["returnvalue"] == {"status": "completed", "words": 1.5, "texts": 2}
        told = [(progress["stage"], progress["percent"]) for progress in counted["progress"]]
        assert told == [("validate", 0), ("count", 40), ("deliver", 100)]
        assert counted["logs"][-1] == "count: 0.50 s (words=1.5)"
        assert worker.wait_for("job_completed", job_id="counted")["words"] == 1.5
        assert worker.wait_for("batch_warning", job_id="counted")["warning"] == "one warning"

        rejected = producer.run({"type": "word-count"}, jobId="rejected")
        assert rejected["returnvalue"]["error"] == "Invalid envelope: items: must name a text"
        stumbled = producer.run({"type": "word-count", "items": ["stumble"]}, jobId="stumbled", attempts=2)
        assert (stumbled["attemptsMade"], stumbled["failedReason"]) == (2, "ValueError in stage count")
        empty = producer.run({"type": "word-count", "items": [""]}, jobId="empty", attempts=1)
        assert empty["failedReason"] == "no words in stage count"

        assert producer.run(themed_envelope(5, 4), jobId="topics")["returnvalue"]["status"] == "completed"
        unknown = producer.run(themed_envelope(5, 4) | {"type": "word-counts"}, jobId="unknown")
        assert unknown["returnvalue"]["error"].startswith("Invalid envelope: type: must be ")
    finally:
        producer.close()
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        metrics = answer.read().decode()
    for line in (
        'topic_model_jobs_total{kind="word-count",outcome="completed"} 1.0',
        'topic_model_jobs_total{kind="word-count",outcome="failed"} 1.0',
        'topic_model_jobs_total{kind="word-count",outcome="raised"} 3.0',
        'topic_model_jobs_total{kind="topic-model",outcome="completed"} 1.0',
        'topic_model_jobs_total{kind="topic-model",outcome="failed"} 1.0',
        'topic_model_items_total{kind="word-count"} 5.0',
        'topic_model_job_duration_seconds_count{kind="word-count",outcome="completed"} 1.0',
        'topic_model_stage_duration_seconds_sum{kind="word-count",stage="count"} 1.0',
    ):
        assert line in metrics.splitlines()


def test_a_replay_runs_it_too(tmp_path: Path) -> None:
    """`--once` reads, runs and prints it."""
    file = tmp_path / "job.json"
    file.write_text(json.dumps({"type": "word-count", "items": ["one two", "three"]}), encoding="utf-8")
    process = ask("--once", file, **HOOKS)
    assert process.returncode == 0, process.stderr
    assert json.loads(process.stdout)["words"] == 1.5


def test_the_schema_holds_every_kind() -> None:
    """With the definitions of each."""
    both, own = json.loads(show_schema(kinds_with(TEST_KIND))), json.loads(show_schema())
    assert set(both["$defs"]) - set(own["$defs"]) == {"WordCountRequest"}


@pytest.mark.parametrize(
    "data", [None, [], {}, {"type": None}, {"type": 7}, {"type": ["word-count"]}, {"type": "no such kind"}]
)
def test_whatever_names_no_kind_is_the_default_s_to_read(data: object) -> None:
    """Its reader takes an envelope without a type, and rejects a wrong one with all other flaws."""
    assert kind_of(data, kinds_with(TEST_KIND)) is DEFAULT_KIND


def test_a_kind_is_found_by_its_name() -> None:
    """The test's own only if it was asked for."""
    assert kind_of({"type": "word-count"}, kinds_with(TEST_KIND)) is WORD_COUNT
    assert kind_of({"type": "word-count"}) is DEFAULT_KIND
    assert {name: kind.name for name, kind in KINDS.items()} == {name: name for name in KINDS}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_stages_begin_with_validate_and_rise(kind: object) -> None:
    """A percentage that falls would look like a job that goes backwards."""
    percents = list(kind.stages.values())  # type: ignore[attr-defined]
    assert next(iter(kind.stages)) == "validate"  # type: ignore[attr-defined]
    assert percents == sorted(percents)


def test_no_kind_from_elsewhere() -> None:
    """The hook takes nothing that is not in the project's tests."""
    with pytest.raises(ConfigurationError, match="outside the project's tests"):
        Settings.from_environment({"TOPIC_MODEL_TEST_KIND": "os:system"})
