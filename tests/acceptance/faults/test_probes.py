"""The probes and metrics of a real worker process, asked for as docs/operations.md says."""

import re
import signal
import socket
import struct
import subprocess
from urllib.request import urlopen

import pytest

from tests.acceptance.faults.conftest import PREFIX, StartWorker, batch
from tests.acceptance.faults.engine import Record
from tests.acceptance.processes import PROJECT, Producer, WorkerProcess
from tests.probes import Probes
from tests.redis_server import RedisServer
from tests.redis_server import free_port as find_port
from worker.compute.compute import Ending

KEY = f"{PREFIX}:topic-model"
# A batch may take three seconds; no stalled check comes in between.
TIMES = {"TOPIC_MODEL_TIMEOUT_MS": "3000", "BULLMQ_STALLED_INTERVAL_MS": "60000", "LOG_LEVEL": "DEBUG"}


@pytest.fixture
def free_port() -> int:
    """Find a port for the probes."""
    return find_port()


@pytest.fixture
def worker(start_worker: StartWorker, free_port: int) -> WorkerProcess:
    """Give a worker with probes and short times, as it starts."""
    return start_worker(wait=False, HEALTH_PORT=str(free_port), **TIMES)


def readme_commands() -> list[tuple[str, str]]:
    """Read the curl commands of the operator's page, and what they print there."""
    readme = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")
    blocks = [block for block in re.findall(r"```console\n(.*?)```", readme, re.DOTALL) if "curl" in block]
    return [
        (command, printed)
        for block in blocks
        for command, printed in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)
    ]


def test_each_outcome_is_counted_and_the_readme_s_commands_print_it(
    worker: WorkerProcess, producer: Producer, record: Record, own_redis: RedisServer, free_port: int
) -> None:
    """One job of each kind; then every command of the page prints what stands there."""
    probes = Probes(free_port)
    worker.wait_for("worker_ready")
    started_at = probes.samples()["topic_model_last_success_timestamp_seconds"]
    record.let_go("good")
    assert producer.run(batch("wait good"))["state"] == "completed"
    assert producer.run({"items": []})["returnvalue"]["status"] == "failed"
    delivered_at = probes.samples()["topic_model_last_success_timestamp_seconds"]
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
    # A result moves it, a failed attempt does not.
    assert started_at < delivered_at == samples["topic_model_last_success_timestamp_seconds"]
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
    probes = Probes(free_port)
    probes.until("topic_model_jobs_total|topic-model|stalled", 1)
    probes.until("topic_model_running_jobs", 0)
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
    assert f"HEALTH_PORT: port {free_port} is not available" in worker.raw[-1]


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
