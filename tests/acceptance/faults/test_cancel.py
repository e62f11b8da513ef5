"""A job that somebody cancels: from the command line, while it waits, while it runs, while Redis is away."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.acceptance.faults.conftest import PREFIX, StartWorker, batch
from tests.acceptance.faults.engine import Record
from tests.acceptance.processes import Producer, WorkerProcess
from tests.environment import clean_environment
from tests.redis_server import RedisServer
from tests.tcp_proxy import TcpProxy

KEY = f"{PREFIX}:topic-model"


def cancel(own_redis: RedisServer, job_id: str) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    environment = clean_environment() | {"REDIS_URL": own_redis.url, "BULLMQ_PREFIX": PREFIX}
    command = [sys.executable, "-m", "worker", "cancel", job_id]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def proxy(own_redis: RedisServer) -> Iterator[TcpProxy]:
    """Give a way from the worker to Redis that can be cut."""
    proxy = TcpProxy(own_redis.port)
    yield proxy
    proxy.close()


@pytest.fixture
def worker(start_worker: StartWorker, proxy: TcpProxy) -> WorkerProcess:
    """Start a worker behind the proxy, with locks that outlive an outage."""
    return start_worker(REDIS_URL=f"redis://127.0.0.1:{proxy.port}", BULLMQ_LOCK_DURATION_MS="60000")


def test_a_job_is_cancelled_in_each_state(
    worker: WorkerProcess, producer: Producer, record: Record, own_redis: RedisServer
) -> None:
    """A waiting one is removed, a running one ends with the contract's failure; one of the same id runs later."""
    running = producer.add(batch("wait running"))
    record.wait_until_begun("running")
    waiting = producer.add(batch("wait waiting"))

    removed = cancel(own_redis, waiting)
    assert (removed.returncode, removed.stdout) == (0, f"job {waiting}: it waited, and is removed\n")
    stopped = cancel(own_redis, running)
    assert stopped.returncode == 0
    assert stopped.stdout.startswith(f"job {running}: it is stopped")
    with own_redis.client() as client:
        assert client.zscore(f"{KEY}:completed", running) is not None
        result = json.loads(client.hget(f"{KEY}:{running}", "returnvalue"))
        assert client.exists(f"{KEY}:{waiting}") == 0
    assert sorted(result) == ["completedAt", "error", "status", "version"]
    assert (result["status"], result["error"]) == ("failed", "Cancelled")
    worker.wait_for("job_cancelled", job_id=running)

    ended = cancel(own_redis, running)
    assert (ended.returncode, "nothing is changed" in ended.stdout) == (0, True)
    unknown = cancel(own_redis, "nobody")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert unknown.stderr.startswith("python -m worker: no job nobody in queue topic-model")

    with own_redis.client() as client:
        # No request is left, or the job would be cancelled again if a person retried it.
        assert client.exists(f"{KEY}:{running}:cancel", f"{KEY}:{waiting}:cancel") == 0
        # One that is left all the same is for the first job of this id.
        client.set(f"{KEY}:{running}:cancel", client.hget(f"{KEY}:{running}", "timestamp"))
        client.delete(f"{KEY}:{running}")
        client.zrem(f"{KEY}:completed", running)
    record.let_go("running")
    assert producer.run(batch("wait running"))["returnvalue"]["status"] == "completed"
    assert record.began("waiting") == []


def test_a_request_is_seen_after_an_outage(
    worker: WorkerProcess, proxy: TcpProxy, producer: Producer, record: Record, own_redis: RedisServer
) -> None:
    """The worker is cut off while somebody asks."""
    job_id = producer.add(batch("wait outage"))
    record.wait_until_begun("outage")
    proxy.cut()
    with own_redis.client() as client:
        client.set(f"{KEY}:{job_id}:cancel", client.hget(f"{KEY}:{job_id}", "timestamp"))
        worker.wait_for("redis_lost")
        assert client.hget(f"{KEY}:{job_id}", "returnvalue") is None
    proxy.mend()
    worker.wait_for("job_cancelled", job_id=job_id)
    with own_redis.client() as client:
        assert client.exists(f"{KEY}:{job_id}:cancel") == 0
    assert len(record.began("outage")) == 1
