"""A fail-over: the old primary lives on as a replica and closes no connection."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.faults.conftest import PREFIX, StartWorker, batch
from tests.acceptance.faults.engine import Record
from tests.acceptance.processes import Producer
from tests.certificates import Authority
from tests.probes import Probes
from tests.redis_server import RedisServer, free_port
from tests.tcp_proxy import TcpProxy

KEY = f"{PREFIX}:topic-model"
SOON_S = 60.0


@dataclass
class Pair:
    """Two servers, the address that leads to the present primary, and its URL for a worker."""

    first: RedisServer
    second: RedisServer
    proxy: TcpProxy
    url: str

    def fail_over(self) -> None:
        """Make the second one the primary; what is open to the first one stays open to it."""
        self.promote()
        self.proxy.target_port = self.second.port

    def promote(self) -> None:
        """Make the second one the primary, while the address still leads to the first one."""
        with self.first.client() as old, self.second.client() as new:
            until(lambda: _offset(old, "master_repl_offset") == _offset(new, "slave_repl_offset"))
            new.replicaof("NO", "ONE")
            old.replicaof("127.0.0.1", str(self.second.port))


def _offset(client: Any, name: str) -> int:
    return int(client.info("replication")[name])


def until(holds: Any) -> None:
    """Wait until something holds."""
    deadline_s = time.monotonic() + SOON_S
    while not holds():
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


@pytest.fixture
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    """Give a primary and its replica behind one address: TCP, TLS or a Unix socket."""
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    first = RedisServer(tmp_path / "first")
    first.start()
    second = RedisServer(tmp_path / "second", "--replicaof", "127.0.0.1", str(first.port))
    second.start()
    proxy, url = _address(request.param, first.port, tmp_path)
    yield Pair(first, second, proxy, url)
    proxy.close()
    second.stop()
    first.stop()


def _address(scheme: str, port: int, folder: Path) -> tuple[TcpProxy, str]:
    """Put a proxy before a server; give it, and the URL that leads to it."""
    if scheme == "unix":
        return TcpProxy(port, path=folder / "redis.sock"), f"unix://{folder / 'redis.sock'}?db=0"
    if scheme == "redis":
        return (proxy := TcpProxy(port)), f"redis://127.0.0.1:{proxy.port}"
    authority = Authority(folder / "tls")
    proxy = TcpProxy(port, tls=authority.server_context())
    return proxy, f"rediss://127.0.0.1:{proxy.port}?ssl_ca_certs={authority.ca}"


@pytest.mark.parametrize("pair", ["redis", "rediss", "unix"], indirect=True)
def test_a_fail_over_during_a_job_costs_nothing(pair: Pair, start_worker: StartWorker, record: Record) -> None:
    """The result goes to the new primary, the next job is taken from it, and nothing is computed twice."""
    port = free_port()
    worker = start_worker(REDIS_URL=pair.url, HEALTH_PORT=str(port), BULLMQ_LOCK_DURATION_MS="60000")
    before = Producer("bullmq-6", pair.first.port, "topic-model", PREFIX)
    job_id = before.add(batch("wait over"))
    record.wait_until_begun("over")
    pair.fail_over()
    before.close()
    record.let_go("over")
    with pair.second.client() as client:
        until(lambda: client.zscore(f"{KEY}:completed", job_id) is not None)
    after = Producer("bullmq-6", pair.second.port, "topic-model", PREFIX)
    record.let_go("next")
    assert after.run(batch("wait next"))["state"] == "completed"
    after.close()
    Probes(port).until_ready(200)
    assert [len(record.began(name)) for name in ("over", "next")] == [1, 1]
    assert worker.wait_for("redis_takes_no_writes")["hint"]
    assert worker.stop() == 0


@pytest.mark.parametrize("pair", ["redis"], indirect=True)
def test_a_fail_over_while_idle_is_got_over_too(pair: Pair, start_worker: StartWorker, record: Record) -> None:
    """The blocking read was on the old primary; while the address still leads there, readiness says no."""
    port = free_port()
    worker = start_worker(REDIS_URL=pair.url, HEALTH_PORT=str(port))
    probes = Probes(port)
    probes.until_ready(200)
    pair.promote()
    (reason,) = probes.until_ready(503)
    assert reason.startswith("Redis refuses to hand out jobs: ")
    pair.proxy.target_port = pair.second.port
    probes.until_ready(200)
    producer = Producer("bullmq-6", pair.second.port, "topic-model", PREFIX)
    record.let_go("idle")
    assert producer.run(batch("wait idle"))["state"] == "completed"
    producer.close()
    assert worker.stop() == 0
