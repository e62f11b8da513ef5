"""What the worker says at its start: about settings, about Redis, and about what it found later."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.acceptance.faults.conftest import PREFIX, StartWorker, batch
from tests.acceptance.faults.engine import Record
from tests.acceptance.processes import PROJECT, Producer
from tests.probes import Probes
from tests.redis_server import RedisServer, free_port
from worker.queue.permissions import acl_rules


def _has_ipv6() -> bool:
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            return False
    return True


def test_the_probes_answer_on_ipv4_and_ipv6(start_worker: StartWorker) -> None:
    """An IPv6-only pod would else be restarted for ever; a storm of probes waits and is not reset."""
    port = free_port()
    start_worker(HEALTH_PORT=str(port))
    Probes(port).until_ready(200)
    if _has_ipv6():
        Probes(port, "[::1]").until_ready(200)
    # The backlog holds them though nobody accepts in between: they are opened at once, and asked later.
    storm = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(100)]
    for asking in storm:
        asking.sendall(b"GET /livez HTTP/1.0\r\n\r\n")
    for asking in storm:
        with asking:
            assert asking.recv(12) == b"HTTP/1.0 200"


@pytest.fixture
def no_nohup() -> Iterator[None]:
    """Let the worker hear SIGHUP, which it ignores if this suite itself runs under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("no_nohup")
def test_sighup_is_a_shutdown(start_worker: StartWorker, producer: Producer, record: Record) -> None:
    """A terminal that closes ends the worker as SIGTERM does: the job goes back, exit 0."""
    worker = start_worker(SHUTDOWN_GRACE_MS="0")
    job_id = producer.add(batch("wait closed"))
    record.wait_until_begun("closed")
    worker.send(signal.SIGHUP)
    assert worker.wait() == 0
    assert worker.wait_for("stop_asked")["signal"] == "SIGHUP"
    assert producer.ask("get", id=job_id)["attemptsMade"] == 0


def test_an_outage_is_told_of_once_when_it_begins_and_once_when_it_ends(
    start_worker: StartWorker, own_redis: RedisServer
) -> None:
    """With how long Redis was away."""
    port = free_port()
    worker = start_worker(HEALTH_PORT=str(port))
    Probes(port).until_ready(200)
    own_redis.stop()
    assert worker.wait_for("redis_lost")["hint"]
    own_redis.start()
    assert worker.wait_for("redis_back")["away_s"] >= 0
    assert [worker.names().count(name) for name in ("redis_lost", "redis_back")] == [1, 1]


@pytest.mark.parametrize(("break_it", "word"), [("SET", "WRONGTYPE"), ("ACL", "NOPERM")])
def test_a_refusal_that_stays_is_told_of_once_and_readiness_gives_it(
    start_worker: StartWorker, own_redis: RedisServer, break_it: str, word: str
) -> None:
    """A foreign key in the queue's place, or a permission that is missing: Redis answers, so it is not away."""
    port = free_port()
    with own_redis.client() as client:
        client.acl_setuser("poet", enabled=True, passwords=["+sesame"], categories=["+@all"], keys=["*"])
        worker = start_worker(REDIS_URL=own_redis.url.replace("//", "//poet:sesame@"), HEALTH_PORT=str(port))
        probes = Probes(port)
        probes.until_ready(200)
        if break_it == "SET":
            client.set(f"{PREFIX}:topic-model:prioritized", "not BullMQ's")
        else:
            client.execute_command("ACL", "SETUSER", "poet", "-llen")
        told = worker.wait_for("queue_not_counted")
        assert told["reason"].startswith(word)
        assert told["hint"]
        reasons = probes.until_ready(503)
    assert any(word in reason for reason in reasons)
    assert not any("does not answer" in reason for reason in reasons)
    assert worker.names().count("queue_not_counted") == 1


def test_misspelt_settings_are_named_with_what_was_meant(start_worker: StartWorker) -> None:
    """What Kubernetes sets for a Service of the same name is no setting."""
    worker = start_worker(
        MODEL_STOREE="models",
        TOPIC_MODEL_TIMOUT_MS="5",
        BULLMQ_QUEUE="x",
        TOPIC_MODEL_SERVICE_HOST="10.0.0.1",
        TOPIC_MODEL_PORT_8080_TCP_ADDR="10.0.0.1",
    )
    named = {event["variable"]: event["hint"] for event in worker.events if event["event"] == "setting_unknown"}
    assert named.keys() == {"MODEL_STOREE", "TOPIC_MODEL_TIMOUT_MS", "BULLMQ_QUEUE"}
    assert named["TOPIC_MODEL_TIMOUT_MS"] == "did you mean TOPIC_MODEL_TIMEOUT_MS?"
    # Where models would be kept is said, too.
    assert worker.names().count("model_store_is_a_folder") == 1


def test_a_url_that_cannot_be_followed_is_a_setting_error(start_worker: StartWorker) -> None:
    """Exit 2 and a line that names what is wrong with it; the password is not repeated."""
    worker = start_worker(wait=False, REDIS_URL="redis://:sesame@localhost/0?foo=bar")
    assert worker.wait() == 2
    assert "REDIS_URL: the option foo is unknown" in worker.raw[-1]
    assert "sesame" not in "".join(worker.raw)


def test_the_least_permissions_are_enough(
    start_worker: StartWorker, producer: Producer, record: Record, own_redis: RedisServer
) -> None:
    """For a job that completes, one that fails and is retried, one that goes back, and one whose worker is killed."""
    with own_redis.client() as admin:
        admin.execute_command("ACL", "SETUSER", "poet", "on", ">sesame", *acl_rules(PREFIX).split())
        admin.execute_command("ACL", "LOG", "RESET")
        url = own_redis.url.replace("//", "//poet:sesame@")
        first = start_worker(REDIS_URL=url, SHUTDOWN_GRACE_MS="0")
        record.let_go("good")
        assert producer.run(batch("wait good"), removeOnComplete={"age": 60, "count": 5})["state"] == "completed"
        assert producer.run(batch("fail bug"), attempts=2, removeOnFail=False)["state"] == "failed"
        job_id = producer.add(batch("wait back"), priority=5)
        record.wait_until_begun("back")
        assert first.stop() == 0
        second = start_worker(REDIS_URL=url)
        record.wait_until_begun("back", 2)
        third = start_worker(REDIS_URL=url)
        second.kill()
        third.wait_for("job_stalled")
        record.wait_until_begun("back", 3)
        admin.delete(f"{PREFIX}:topic-model:{job_id}:lock")
        third.wait_for("lock_reacquired")
        record.let_go("back")
        assert producer.ask("wait", id=job_id)["state"] == "completed"
        denied = {str(entry["object"]) for entry in admin.acl_log()}
    # redis-py tells Redis its own name by CLIENT SETINFO, and does without if it may not.
    assert denied <= {"client", "client|setinfo"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_after_the_end_changes_no_exit_code(number: signal.Signals) -> None:
    """The interpreter takes a while to end; a signal that comes then finds the worker's own exit code settled."""
    lines = (
        "import atexit, os, sys",
        f"atexit.register(lambda: os.kill(os.getpid(), {int(number)}))",
        "from worker.cli.main import main",
        "sys.exit(main([]))",
    )
    environment = os.environ | {"REDIS_URL": "redis://localhost?unknown=option"}
    ended = subprocess.run([sys.executable, "-c", "\n".join(lines)], cwd=PROJECT, env=environment, check=False)
    assert ended.returncode == 2
