"""One trace from a click to a topic: a Node producer with bullmq-otel, a real worker, a collector that takes OTLP."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.envelopes import themed_envelope
from tests.acceptance.processes import NODE_PROJECT, Producer, WorkerProcess
from tests.compute.engines.faults import SECRET
from tests.otlp_collector import ERROR, Collector
from tests.redis_server import RedisServer

PREFIX, QUEUE = "faculytics:bull", "traced"
CONSUMER = 5
NODE_TIMEOUT_S = 60

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    """Give a collector."""
    collector = Collector()
    yield collector
    collector.close()


@pytest.fixture(scope="module")
def worker(redis_server: RedisServer, collector: Collector) -> Iterator[WorkerProcess]:
    """Give one worker that is traced."""
    process = WorkerProcess(
        REDIS_URL=redis_server.url,
        BULLMQ_PREFIX=PREFIX,
        TOPIC_MODEL_QUEUE=QUEUE,
        TOPIC_MODEL_TEST_ENGINE="tests.compute.engines.faults:by_text",
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
        OTEL_EXPORTER_OTLP_TIMEOUT="600",
        OTEL_BSP_SCHEDULE_DELAY="100",
        OTEL_RESOURCE_ATTRIBUTES="deployment.environment.name=test",
    )
    process.wait_for("worker_ready")
    yield process
    process.clear_away()


@pytest.fixture(scope="module")
def producer(redis_server: RedisServer) -> Iterator[Producer]:
    """Give a producer that is not traced."""
    process = Producer("bullmq-6", redis_server.port, QUEUE, PREFIX)
    yield process
    process.close()


def click(redis_server: RedisServer, library: str, folder: Path, first_text: str, **options: object) -> dict[str, Any]:
    """Add a job in a trace; give the trace's id, the producer's spans and the job's id."""
    data = themed_envelope(5, 4)
    data["items"][0]["text"] = first_text
    job_id = data["metadata"]["pipelineId"]
    file = folder / "job.json"
    file.write_text(json.dumps({"data": data, "opts": {"jobId": job_id, **options}}), encoding="utf-8")
    command = ["node", "traced.mjs", library, str(redis_server.port), PREFIX, QUEUE, str(file)]
    done = subprocess.run(command, cwd=NODE_PROJECT, capture_output=True, text=True, check=True, timeout=NODE_TIMEOUT_S)
    return json.loads(done.stdout) | {"job": job_id}


@pytest.mark.parametrize("library", ["bullmq-5", "bullmq-6"])
def test_one_trace_from_the_click_to_the_stages(
    redis_server: RedisServer, worker: WorkerProcess, collector: Collector, tmp_path: Path, library: str
) -> None:
    """The worker's span continues the producer's; its stages lie below it and within it; the log has the trace's id."""
    clicked = click(redis_server, library, tmp_path, "succeeds")
    (job,) = collector.wait_for(messaging__message__id=clicked["job"])
    (add,) = [span for name, span in clicked["spans"].items() if name.startswith("add")]
    assert (job["trace"], job["parent"], job["kind"]) == (clicked["traceId"], add, CONSUMER)
    assert job["name"] == f"process {QUEUE}"
    expected = {
        "messaging.system": "bullmq",
        "messaging.destination.name": QUEUE,
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "server.port": redis_server.port,
        "topic_model.kind": "topic-model",
        "topic_model.attempt": 1,
        "topic_model.items": 20,
        "topic_model.outcome": "completed",
    }
    assert expected.items() <= job["attributes"].items()
    assert job["attributes"]["messaging.message.body.size"] > 20 * 768
    assert (job["status"], job["events"]) == (0, [])
    stages = [span for span in collector.spans if span["parent"] == job["id"]]
    assert [span["name"] for span in stages] == ["validate", "reduce", "deliver"]
    for stage in stages:
        assert stage["trace"] == clicked["traceId"]
        assert stage["began_ns"] <= stage["ended_ns"] <= job["ended_ns"]
    assert stages[1]["ended_ns"] - stages[1]["began_ns"] == 10_000_000
    assert worker.wait_for("job_completed", job_id=clicked["job"])["trace_id"] == clicked["traceId"]
    assert collector.resources[0]["service.name"] == "topic-model-worker"
    assert collector.resources[0]["deployment.environment.name"] == "test"


def test_each_attempt_has_a_span_and_its_error(
    redis_server: RedisServer, worker: WorkerProcess, collector: Collector, tmp_path: Path
) -> None:
    """Attempts that raise are errors, at the stage that broke too; nothing quotes a comment."""
    clicked = click(redis_server, "bullmq-6", tmp_path, "raises", attempts=2)
    jobs = collector.wait_for(2, messaging__message__id=clicked["job"])
    assert [job["attributes"]["topic_model.attempt"] for job in jobs] == [1, 2]
    for job in jobs:
        assert job["trace"] == clicked["traceId"]
        assert (job["status"], job["attributes"]["error.type"]) == (ERROR, "raised")
        ((name, event),) = job["events"]
        assert (name, event["exception.message"]) == ("exception", job["message"])
        (broken,) = [span for span in collector.spans if span["parent"] == job["id"] and span["name"] == "reduce"]
        assert (broken["status"], broken["message"]) == (ERROR, job["message"])
    assert SECRET not in str(collector.spans)


@pytest.mark.parametrize("context", ["not JSON", "[]", '{"traceparent": 5}', '{"traceparent": "00-zz-zz-01"}'])
def test_a_context_that_cannot_be_read_begins_a_trace(
    producer: Producer, worker: WorkerProcess, collector: Collector, context: str
) -> None:
    """Whatever the producer wrote, the job is computed; a job that fails by the contract is an error too."""
    job_id = producer.add(themed_envelope(2, 2), telemetry={"metadata": context})
    (job,) = collector.wait_for(messaging__message__id=job_id)
    assert (job["parent"], job["attributes"]["topic_model.outcome"], job["status"]) == ("", "failed", ERROR)
    assert "need at least 15" in job["message"]


def test_a_collector_that_fails_or_falls_silent_holds_nothing_up(
    producer: Producer, worker: WorkerProcess, collector: Collector
) -> None:
    """One line tells of it; jobs are computed, and the worker ends while a request is still unanswered."""
    collector.status = 400
    assert run(producer) == "completed"
    assert "400" in worker.wait_for("traces_not_sent")["reason"]
    collector.status = 200
    assert run(producer) == "completed"
    worker.wait_for("traces_sent_again")
    collector.is_silent.set()
    assert run(producer) == "completed"
    assert run(producer) == "completed"
    assert worker.stop() == 0
    assert "closing_hung" not in worker.names()
    assert collector.n_silenced == 1
    assert worker.names().count("traces_not_sent") == 1


def run(producer: Producer) -> str:
    """Run a job that succeeds; give its result's status."""
    envelope = themed_envelope(5, 4)
    envelope["items"][0]["text"] = "succeeds"
    return str(producer.run(envelope)["returnvalue"]["status"])
