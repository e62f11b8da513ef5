"""What a worker says of Redis as it starts: not there, a password, rights, TLS, a replica, an eviction policy."""

from pathlib import Path

from tests.acceptance.faults.conftest import StartWorker
from tests.acceptance.processes import Producer
from tests.redis_server import RedisServer


def test_redis_is_not_there_at_the_start(start_worker: StartWorker, own_redis: RedisServer, producer: Producer) -> None:
    """One line, and it keeps trying; up it comes when Redis does."""
    own_redis.stop()
    worker = start_worker(wait=False)
    worker.wait_for("redis_unreachable")
    own_redis.start()
    worker.wait_for("worker_ready")


def test_a_wrong_password_ends_the_start(start_worker: StartWorker, own_redis: RedisServer) -> None:
    """Waiting would not help; the password is not repeated."""
    with own_redis.client() as client:
        client.config_set("requirepass", "right")
    worker = start_worker(wait=False, REDIS_URL=own_redis.url.replace("//", "//:sesame@"))
    assert worker.wait() == 3
    assert "rejected the worker" in worker.raw[-1]
    assert "sesame" not in "".join(worker.raw)


def test_a_user_without_rights_ends_the_start(start_worker: StartWorker, own_redis: RedisServer) -> None:
    """BullMQ needs INFO; the line holds Redis's own words."""
    with own_redis.client() as client:
        client.acl_setuser(
            "poet", enabled=True, passwords=["+sesame"], commands=["-info"], categories=["+@all"], keys=["*"]
        )
    worker = start_worker(wait=False, REDIS_URL=own_redis.url.replace("//", "//poet:sesame@"))
    assert worker.wait() == 3
    assert "rejected the worker" in worker.raw[-1]
    assert "info" in worker.raw[-1].lower()


def test_the_right_password_is_taken_from_the_url(start_worker: StartWorker, own_redis: RedisServer) -> None:
    """A user and a password; neither is shown."""
    with own_redis.client() as client:
        client.acl_setuser(
            "poet", enabled=True, passwords=["+s%same"], categories=["+@all"], keys=["*"], channels=["*"]
        )
    worker = start_worker(REDIS_URL=own_redis.url.replace("//", "//poet:s%25same@"))
    assert worker.stop() == 0
    assert not any(word in "".join(worker.raw) for word in ("poet", "s%25same", "s%same"))


def test_tls_where_there_is_none_ends_the_start(start_worker: StartWorker, own_redis: RedisServer) -> None:
    """The line says what to look at."""
    worker = start_worker(wait=False, REDIS_URL=own_redis.url.replace("redis:", "rediss:"))
    assert worker.wait() == 3
    assert "does not speak TLS" in worker.raw[-1]


def test_a_replica_ends_the_start(start_worker: StartWorker, own_redis: RedisServer, tmp_path: Path) -> None:
    """It cannot be written to."""
    folder = tmp_path / "replica"
    folder.mkdir()
    replica = RedisServer(folder, "--replicaof", "127.0.0.1", str(own_redis.port))
    replica.start()
    worker = start_worker(wait=False, REDIS_URL=replica.url)
    assert worker.wait() == 3
    assert "is a replica" in worker.raw[-1]
    replica.stop()


def test_an_eviction_policy_is_warned_of(start_worker: StartWorker, own_redis: RedisServer) -> None:
    """The warning says what to set."""
    with own_redis.client() as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
    worker = start_worker()
    assert "noeviction" in worker.wait_for("redis_may_evict_jobs")["hint"]
