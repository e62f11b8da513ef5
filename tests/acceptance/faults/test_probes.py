"""The probes and metrics of a real worker process, asked for as the README says."""

import json
import re
import signal
import socket
import struct
import subprocess
import time
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.acceptance.faults.conftest import PREFIX, StartWorker, batch
from tests.acceptance.faults.engine import Record
from tests.acceptance.processes import PROJECT, Producer, WorkerProcess
from tests.redis_server import RedisServer
from worker.compute.compute import Ending

KEY = f"{PREFIX}:topic-model"
SOON_S = 30.0
# A batch may take three seconds; no stalled check comes in between.
TIMES = {"TOPIC_MODEL_TIMEOUT_MS": "3000", "BULLMQ_STALLED_INTERVAL_MS": "60000", "LOG_LEVEL": "DEBUG"}


class Probes:
    """The HTTP side of a worker."""

    def __init__(self, port: int) -> None:
        """Take the port it was started with."""
        self.port = port

    def get(self, path: str) -> tuple[int, dict[str, Any]]:
        """Ask for a verdict."""
        try:
            with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return answer.status, json.load(answer)
        except HTTPError as error:
            return error.code, json.load(error)

    def samples(self) -> dict[str, float]:
        """Read the metrics, as Prometheus does."""
        with urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        return {
            sample.name + "".join(f"|{value}" for _, value in sorted(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def until(self, name: str, value: float) -> None:
        """Wait until a metric has a value."""
        deadline_s = time.monotonic() + SOON_S
        while (samples := self.samples()).get(name) != value:
            assert time.monotonic() < deadline_s, f"{name} is {samples.get(name)}, not {value}"
            time.sleep(0.05)

    def until_ready(self, status: int) -> list[str]:
        """Wait until /readyz answers so; give its reasons."""
        deadline_s = time.monotonic() + SOON_S
        while (answer := self.get("/readyz"))[0] != status:
            assert time.monotonic() < deadline_s, answer
            time.sleep(0.05)
        return list(answer[1]["reasons"])


@pytest.fixture
def free_port() -> int:
    """Find a port for the probes."""
    with socket.socket() as probe:
        probe.bind(("", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture
def worker(start_worker: StartWorker, free_port: int) -> WorkerProcess:
    """Give a worker with probes and short times, as it starts."""
    return start_worker(wait=False, HEALTH_PORT=str(free_port), **TIMES)


def readme_commands() -> list[tuple[str, str]]:
    """Read the curl commands of the README, and what they print there."""
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    blocks = [block for block in re.findall(r"```console\n(.*?)```", readme, re.DOTALL) if "curl" in block]
    return [
        (command, printed)
        for block in blocks
        for command, printed in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)
    ]


def test_each_outcome_is_counted_and_the_readme_s_commands_print_it(
    worker: WorkerProcess, producer: Producer, record: Record, own_redis: RedisServer, free_port: int
) -> None:
    """One job of each kind; then every command of the README prints what stands there."""
    probes = Probes(free_port)
    worker.wait_for("worker_ready")
    record.let_go("good")
    assert producer.run(batch("wait good"))["state"] == "completed"
    assert producer.run({"items": []})["returnvalue"]["status"] == "failed"
    assert producer.run(batch("fail bug"), attempts=1)["state"] == "failed"
    assert producer.run(batch("wait late"), attempts=1)["state"] == "failed"
    stolen = producer.add(batch("wait stolen"))
    record.wait_until_begun("stolen")
    probes.until("topic_model_running_jobs", 1)
    with own_redis.client() as client:
        client.set(f"{KEY}:{stolen}:lock", "somebody else", px=60_000)
    probes.until("topic_model_jobs_total|topic-model|lost", 1)
    probes.until("topic_model_queue_jobs|active", 1)
    probes.until_ready(200)

    commands = readme_commands()
    assert len(commands) == 4
    for command, printed in commands:
        local = command.replace("localhost:8080", f"127.0.0.1:{free_port}")
        assert subprocess.run(["sh", "-c", local], capture_output=True, text=True, check=True).stdout == printed

    samples = probes.samples()
    assert samples["topic_model_items_total|topic-model"] == 80
    assert samples["topic_model_job_duration_seconds_count|topic-model|completed"] == 1
    assert samples["topic_model_stage_duration_seconds_count|topic-model|validate"] == 4
    assert samples["topic_model_job_timeout_seconds"] == 3
    assert samples["topic_model_lock_renewals_total|failed"] >= 1
    restarts = {reason: samples[f"topic_model_compute_restarts_total|{reason}"] for reason in Ending}
    assert {reason for reason, n in restarts.items() if n} == {Ending.TIMED_OUT, Ending.CANCELLED}
    assert samples["topic_model_running_jobs"] == 0
    assert samples["topic_model_batch_started_timestamp_seconds"] == 0
    assert abs(samples["topic_model_last_success_timestamp_seconds"] - time.time()) < 600
    assert samples["topic_model_build_info|cpu|none|1.0.0"] == 1


def test_readiness_follows_the_start_redis_and_the_stop(
    worker: WorkerProcess, producer: Producer, record: Record, own_redis: RedisServer, free_port: int
) -> None:
    """It says why it is not ready, and stays alive all the time."""
    probes = Probes(free_port)
    worker.wait_for("probes_serving")
    assert probes.get("/readyz")[0] == 503
    assert probes.get("/livez") == (200, {"status": "ok", "reasons": []})
    worker.wait_for("worker_ready")
    probes.until_ready(200)
    own_redis.stop()
    assert probes.until_ready(503) == ["Redis does not answer"]
    assert not any(name.startswith("topic_model_queue_jobs") for name in probes.samples())
    own_redis.start()
    probes.until_ready(200)
    producer.add(batch("wait last"))
    record.wait_until_begun("last")
    worker.send(signal.SIGTERM)
    worker.wait_for("stop_asked")
    assert probes.until_ready(503) == ["no jobs are taken: starting or stopping"]
    assert probes.get("/livez")[0] == 200
    record.let_go("last")
    assert worker.wait() == 0


def test_who_hangs_up_leaves_no_traceback(worker: WorkerProcess, free_port: int) -> None:
    """A kubelet that waits no longer resets the connection; the log stays one event a line."""
    worker.wait_for("worker_ready")
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", free_port)) as asking:
            asking.sendall(b"GET /metrics HTTP/1.1\r\n\r\n" * 50)
            asking.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    worker.wait_for("probe_aborted")
    assert Probes(free_port).get("/livez")[0] == 200
    assert worker.stop() == 0


def test_a_job_that_stalled_once_too_often_is_told_of(
    start_worker: StartWorker, producer: Producer, record: Record, free_port: int
) -> None:
    """BullMQ fails it without its being taken; the log and the metrics have it all the same."""
    first = start_worker()
    job_id = producer.add(batch("wait stalled"))
    record.wait_until_begun("stalled")
    second = start_worker(HEALTH_PORT=str(free_port), BULLMQ_MAX_STALLED_COUNT="0")
    first.kill()
    failed = second.wait_for("job_failed", job_id=job_id)
    assert failed["reason"] == "job stalled more than allowable limit"
    assert failed["pipeline_id"] == "stalled"
    assert {"attempt", "attempts", "run_id"} <= failed.keys()
    samples = Probes(free_port).samples()
    assert samples["topic_model_jobs_total|topic-model|stalled"] == 1
    assert samples["topic_model_running_jobs"] == 0
    assert producer.ask("wait", id=job_id)["state"] == "failed"


def test_a_stopped_worker_is_not_alive(worker: WorkerProcess, free_port: int) -> None:
    """A process that stands still does not answer, which a probe takes for a failure."""
    worker.wait_for("worker_ready")
    worker.send(signal.SIGSTOP)
    with pytest.raises(TimeoutError):
        urlopen(f"http://127.0.0.1:{free_port}/livez", timeout=1)
    worker.send(signal.SIGCONT)
    assert Probes(free_port).get("/livez")[0] == 200


def test_a_port_that_is_taken_ends_the_start(start_worker: StartWorker, free_port: int) -> None:
    """Exit 2, and the line names the variable."""
    with socket.socket() as taken:
        taken.bind(("", free_port))
        taken.listen()
        worker = start_worker(wait=False, HEALTH_PORT=str(free_port))
        assert worker.wait() == 2
    assert f"HEALTH_PORT: port {free_port} cannot be had" in worker.raw[-1]


def test_each_line_about_a_job_carries_its_ids(
    worker: WorkerProcess, producer: Producer, record: Record, own_redis: RedisServer
) -> None:
    """Whoever looks for a pipeline in the log finds all of it, its end included."""
    worker.wait_for("worker_ready")
    record.let_go("good")
    ids = {producer.add(batch("wait good")), producer.add(batch("fail bug"), attempts=2)}
    for each in sorted(ids):
        producer.ask("wait", id=each)
    job_id = producer.add(batch("wait stolen"))
    record.wait_until_begun("stolen")
    with own_redis.client() as client:
        client.set(f"{KEY}:{job_id}:lock", "somebody else", px=60_000)
    worker.wait_for("job_let_go")
    lines = [event for event in worker.events if "job_id" in event or event["event"].startswith(("job_", "lock_"))]
    assert {line["job_id"] for line in lines} == {*ids, job_id}
    assert {line["event"] for line in lines} == {
        "job_started",
        "stage_finished",
        "job_completed",
        "job_failed",
        "lock_lost",
        "job_let_go",
    }
    assert all({"attempt", "attempts", "pipeline_id", "run_id"} <= line.keys() for line in lines)
