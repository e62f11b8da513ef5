"""The life of a tenant's model through a real queue: a Node producer, a real worker, a store in a folder."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from jsonschema import Draft202012Validator

from tests.acceptance.invariants import COMPLETED_KEYS, check_failed
from tests.acceptance.processes import Producer, WorkerProcess
from tests.lifecycle.batches import N_PER_DAY, envelope_of, seen_by
from tests.redis_server import RedisServer, free_port
from tests.replay.commands import ask, told
from worker.jobs.registry import show_schema
from worker.store.store import ModelStore

PREFIX = "faculytics:bull"
UPDATE, PREDICT, REBUILD = "topic-model.update", "topic-model.predict", "topic-model.rebuild"
RESULTS = {"topic-model": "Result", UPDATE: "UpdateResult", PREDICT: "PredictResult", REBUILD: "RebuildResult"}
DEFINITIONS = json.loads(show_schema())["$defs"]
PREDICTED_KEYS = COMPLETED_KEYS - {"metrics"} | {"drift", "model"}
UPDATED_KEYS = COMPLETED_KEYS | {"born", "drift", "snapshot", "redirects", "model"}

pytestmark = pytest.mark.slow


class Api:
    """One tenant's API: jobs of each kind, their results held against the schema."""

    def __init__(self, producer: Producer, tenant: str) -> None:
        """Take whom to send by."""
        self._producer = producer
        self._tenant = tenant
        self._n = 0

    def run(self, kind: str, day: int, n_items: int | None = None, **fields: Any) -> dict[str, Any]:
        """Run a job and wait; give what the producer sees of it."""
        self._n += 1
        envelope = envelope_of(day, kind, tenant=self._tenant)
        envelope["items"] = envelope["items"][:n_items]
        for name, value in fields.items():
            envelope[name] = {**envelope[name], **value} if name == "model" else value
        job = self._producer.run(envelope, jobId=f"{self._tenant}-{self._n}")
        assert (job["state"], job["attemptsMade"]) == ("completed", 1), job["failedReason"]
        schema = {"$ref": f"#/$defs/TopicModel{RESULTS[kind]}", "$defs": DEFINITIONS}
        Draft202012Validator(schema).validate(job["returnvalue"])
        return job

    def result(self, kind: str, day: int, n_items: int | None = None, **fields: Any) -> dict[str, Any]:
        """Run a job and give its return value."""
        returned: dict[str, Any] = self.run(kind, day, n_items, **fields)["returnvalue"]
        return returned


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an empty store."""
    return tmp_path_factory.mktemp("store") / "models"


@pytest.fixture(scope="module")
def port() -> int:
    """Find a port for the metrics."""
    return free_port()


@pytest.fixture(scope="module")
def worker(redis_server: RedisServer, store: Path, port: int) -> Iterator[WorkerProcess]:
    """Give one warm worker with the real engine."""
    process = WorkerProcess(
        REDIS_URL=redis_server.url,
        BULLMQ_PREFIX=PREFIX,
        TOPIC_MODEL_QUEUE="models",
        MODEL_STORE=str(store),
        HEALTH_PORT=str(port),
        METRICS_TENANTS="1",
    )
    process.wait_for("worker_ready")
    yield process
    assert process.stop() == 0


@pytest.fixture(scope="module", params=["bullmq-5", "bullmq-6"])
def api(request: pytest.FixtureRequest, redis_server: RedisServer) -> Iterator[Api]:
    """Give a tenant of its own for each BullMQ version."""
    producer = Producer(request.param, redis_server.port, "models", PREFIX)
    yield Api(producer, request.param)
    producer.close()


def counts(result: dict[str, Any]) -> int:
    """Check that the counts agree; give the number of comments."""
    n_assigned = len(result["assignments"])
    assert sum(topic["docCount"] for topic in result["topics"]) == n_assigned
    by_topic = {topic["topicIndex"]: topic["docCount"] for topic in result["topics"]}
    for index, n in by_topic.items():
        assert sum(item["topicIndex"] == index for item in result["assignments"]) == n
    return n_assigned + int(result["outlierCount"])


def test_a_model_lives(worker: WorkerProcess, api: Api, store: Path) -> None:
    """Fit, predict, update (first skipped, then real), predict an old version, rebuild: one chain, stable numbers."""
    fitted = api.result("topic-model", 0)
    assert set(fitted) == COMPLETED_KEYS | {"model"}
    first = fitted["model"]["version"]
    assert "previousVersion" not in fitted["model"]
    words = {topic["topicIndex"]: set(topic["keywords"]) for topic in fitted["topics"]}
    assert len(words) == 4

    job = api.run(PREDICT, 1)
    predicted = job["returnvalue"]
    assert set(predicted) == PREDICTED_KEYS
    assert [progress["stage"] for progress in job["progress"]] == ["validate", "load", "assign", "deliver"]
    assert counts(predicted) == N_PER_DAY
    assert len(predicted["assignments"]) > 0.9 * N_PER_DAY
    assert predicted["model"] == fitted["model"]
    assert len(api.result(PREDICT, 1, 1)["assignments"]) == 1

    skipped = api.result(UPDATE, 1, 9)
    assert set(skipped) == {"version", "status", "reason", "completedAt"}
    assert skipped["reason"] == "Received 9 items, an update needs at least 10 (min_documents)"
    assert worker.wait_for("job_skipped", reason=skipped["reason"])

    job = api.run(UPDATE, 1)
    updated = job["returnvalue"]
    assert set(updated) == UPDATED_KEYS
    logged = worker.wait_for("job_completed", model_version=updated["model"]["version"])
    assert (logged["tenant"], logged["previous_version"]) == (updated["model"]["tenant"], first)
    percents = [progress["percent"] for progress in job["progress"]]
    assert percents == sorted(percents)
    assert [progress["stage"] for progress in job["progress"]][-2:] == ["keep", "deliver"]
    assert counts(updated) == N_PER_DAY
    assert set(words) <= {topic["topicIndex"] for topic in updated["topics"]}
    assert sum(topic["totalCount"] for topic in updated["topics"]) > 1.8 * N_PER_DAY
    assert updated["model"]["previousVersion"] == first
    assert {len(sample["submissionIds"]) for sample in updated["snapshot"]} == {5}

    assert api.result(PREDICT, 2, model={"version": first})["model"]["version"] == first
    assert api.result(PREDICT, 2)["model"]["version"] == updated["model"]["version"]

    rebuilt = api.result(REBUILD, 2)
    assert set(rebuilt) == UPDATED_KEYS
    assert counts(rebuilt) == N_PER_DAY
    for topic in rebuilt["topics"]:
        if topic["topicIndex"] in words and topic["docCount"]:
            assert words[topic["topicIndex"]] & set(topic["keywords"])
    assert rebuilt["model"]["previousVersion"] == updated["model"]["version"]
    versions = [result["model"]["version"] for result in (rebuilt, updated, fitted)]
    tenant = fitted["model"]["tenant"]
    assert [entry.version for entry in ModelStore(str(store)).activations(tenant)] == versions


def test_a_model_that_begins_with_an_update(worker: WorkerProcess, api: Api, store: Path) -> None:
    """In the other order: what fails before there is a model, an update that begins one, a fit that replaces it."""
    tenant = f"{api._tenant}-other"
    own = Api(api._producer, tenant)
    for kind in (PREDICT, REBUILD):
        error = f'Tenant "{tenant}" has no model yet: send a topic-model job with this tenant, or an update'
        check_failed(own.result(kind, 0), error)
    check_failed(own.result(UPDATE, 0, 12), "Received 12 items, need at least 15 (min_topic_size) for topic modeling")
    first = own.result(UPDATE, 0)
    assert set(first) == COMPLETED_KEYS | {"model"}
    assert set(own.result(UPDATE, 1, 12)) == UPDATED_KEYS
    assert seen_by(store, tenant) == N_PER_DAY + 12
    missing = {"version": "20200101_000000"}
    check_failed(
        own.result(PREDICT, 2, model=missing), f'Tenant "{tenant}" has no version 20200101_000000 of its model'
    )
    flaw = "model.tenant: must be 1 to 63 of the characters a-z, 0-9, _ and -, the first of them a letter or a digit"
    check_failed(own.result(PREDICT, 2, model={"tenant": "../etc"}), f"Invalid envelope: {flaw}")
    replaced = own.result("topic-model", 2)
    assert "previousVersion" in replaced["model"]
    assert seen_by(store, tenant) == N_PER_DAY


def test_a_replayed_job_finds_what_it_made(
    worker: WorkerProcess, api: Api, store: Path, redis_server: RedisServer
) -> None:
    """`--once --job` of an update gives the result of then: the comments are not added a second time."""
    updated = api.result(UPDATE, 4)
    n_seen = seen_by(store, updated["model"]["tenant"])
    settings = {"REDIS_URL": redis_server.url, "BULLMQ_PREFIX": PREFIX, "TOPIC_MODEL_QUEUE": "models"}
    engine = {"TOPIC_MODEL_TEST_ENGINE": "tests.lifecycle.theme_engine:fit"}
    replayed = ask("--once", "--job", f"{api._tenant}-{api._n}", MODEL_STORE=str(store), **settings, **engine)
    assert replayed.returncode == 0, told(replayed)
    assert json.loads(replayed.stdout) == updated
    assert "done_before=True" in told(replayed)
    assert seen_by(store, updated["model"]["tenant"]) == n_seen


def add_old_versions(store: Path, model: dict[str, str], n: int) -> None:
    """Put copies of a version, as of a year before, behind it into the log."""
    opened, tenant = ModelStore(str(store)), model["tenant"]
    files, details = opened.read(tenant, model["version"])
    for days in range(n):
        at = datetime.now(UTC) - timedelta(days=365 - days)
        version = opened.write(tenant, files, details, parent=model["version"], at=at)
        opened.activate(tenant, version, after=opened.active(tenant), job_id=f"old-{days}")


def test_the_metrics_tell_of_models(worker: WorkerProcess, api: Api, store: Path, port: int) -> None:
    """Skipped updates, kept and removed models, the store, and the age of the model of the latest tenant only."""
    skipped = api.result(UPDATE, 3, 1)
    assert skipped["status"] == "skipped"
    kept = api.result(UPDATE, 3)["model"]
    add_old_versions(store, kept, 16)
    kept = api.result(UPDATE, 4)["model"]
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    values = {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))}
    assert values['topic_model_jobs_total{kind="topic-model.update",outcome="skipped"}'] >= 1
    assert values['topic_model_job_duration_seconds_count{kind="topic-model.update",outcome="skipped"}'] >= 1
    assert values['topic_model_models_kept_total{kind="topic-model.update"}'] >= 1
    assert values['topic_model_store_duration_seconds_count{operation="activate"}'] >= 1
    assert values['topic_model_store_errors_total{operation="activate"}'] == 0
    assert values["topic_model_activations_lost_total"] == 0
    # The last update's activation is one of the fourteen that keep their versions.
    assert values["topic_model_versions_removed_total"] >= 3
    assert len(worker.wait_for("model_versions_removed", tenant=kept["tenant"])["versions"]) == 3
    ages = [name for name in values if name.startswith("topic_model_active_model_timestamp_seconds")]
    assert ages == [f'topic_model_active_model_timestamp_seconds{{tenant="{kept["tenant"]}"}}']
