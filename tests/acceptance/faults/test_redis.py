"""Redis that is away, restarts, freezes, refuses, or changes under a job."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.faults.conftest import LOCK_MS, PREFIX, StartWorker, batch, wait_until_gone
from tests.acceptance.faults.engine import Record
from tests.acceptance.processes import Producer
from tests.redis_server import RedisServer

KEY = f"{PREFIX}:topic-model"


def state_of(own_redis: RedisServer, job_id: str, timeout_s: float = 60) -> str:
    """Wait until a job is over, looking into Redis itself; give where it is."""
    deadline = time.monotonic() + timeout_s
    with own_redis.client() as client:
        while time.monotonic() < deadline:
            for state in ("completed", "failed"):
                if client.zscore(f"{KEY}:{state}", job_id) is not None:
                    return state
            time.sleep(0.02)
    raise AssertionError(f"job {job_id} is not over")


def wait_until(holds: Callable[[], object], timeout_s: float = 60) -> None:
    """Wait for something to hold."""
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def attempts_of(own_redis: RedisServer, job_id: str) -> tuple[str | None, str | None]:
    """Read how many attempts a job made and how many times it was taken."""
    with own_redis.client() as client:
        made, started = client.hmget(f"{KEY}:{job_id}", ["atm", "ats"])
        return made, started


def make_orphan(own_redis: RedisServer, producer: Producer, name: str, *, beside: str) -> str:
    """Enqueue a job, and leave it as a pick-up of the worker that holds `beside` does whose answer is lost."""
    orphan = producer.add(batch(f"wait {name}"))
    with own_redis.client() as client:
        ours = str(client.get(f"{KEY}:{beside}:lock")).rpartition(":")[0]
        client.lrem(f"{KEY}:wait", 1, orphan)
        client.lpush(f"{KEY}:active", orphan)
        client.hincrby(f"{KEY}:{orphan}", "ats", 1)
        client.set(f"{KEY}:{orphan}:lock", f"{ours}:{name}", px=60_000)
    return orphan


@pytest.mark.parametrize("away_s", [0.0, 2.0])
def test_redis_restarts_while_a_job_computes(
    start_worker: StartWorker, producer: Producer, record: Record, own_redis: RedisServer, away_s: float
) -> None:
    """The job goes on and its result is delivered; the worker consumes the next one."""
    # The fence of the usual lock would be as near as the server is away.
    worker = start_worker(BULLMQ_LOCK_DURATION_MS="20000")
    job_id = producer.add(batch("wait restart"))
    record.wait_until_begun("restart")
    own_redis.stop()
    time.sleep(away_s)
    own_redis.start()
    record.let_go("restart")
    assert state_of(own_redis, job_id) == "completed"
    assert attempts_of(own_redis, job_id) == ("1", "1")
    assert len(record.began("restart")) == 1
    record.let_go("next")
    assert producer.run(batch("wait next"))["state"] == "completed"
    assert worker.stop() == 0


@pytest.mark.parametrize("away_s", [0.5, 1.5 * LOCK_MS / 1000])
def test_redis_is_away_at_completion(
    start_worker: StartWorker, producer: Producer, record: Record, own_redis: RedisServer, away_s: float
) -> None:
    """The result is kept and delivered when Redis is back, even when the lock lapsed meanwhile."""
    worker = start_worker()
    job_id = producer.add(batch("wait done"))
    record.wait_until_begun("done")
    own_redis.stop()
    record.let_go("done")
    worker.wait_for("delivery_retried")
    time.sleep(away_s)
    own_redis.start()
    assert state_of(own_redis, job_id) == "completed"
    assert len(record.began("done")) == 1
    worker.wait_for("job_completed")


def test_progress_that_cannot_be_written_costs_no_result(
    start_worker: StartWorker, producer: Producer, record: Record, own_redis: RedisServer
) -> None:
    """What is computed is delivered, though its progress is tried for longer than the fence bears with."""
    worker = start_worker()
    job_id = producer.add(batch("talks much"))
    record.wait_until_begun("much")
    own_redis.stop()
    record.let_go("much")
    worker.wait_for("delivery_retried")
    own_redis.start()
    assert state_of(own_redis, job_id) == "completed"
    assert len(record.began("much")) == 1
    assert "lock_lost" not in worker.names()


def test_redis_is_silent_for_a_while(
    start_worker: StartWorker, producer: Producer, record: Record, own_redis: RedisServer
) -> None:
    """A frozen server is waited out; the job is computed once."""
    worker = start_worker()
    job_id = producer.add(batch("wait frozen"))
    record.wait_until_begun("frozen")
    own_redis.freeze()
    record.let_go("frozen")
    time.sleep(1.0)
    own_redis.thaw()
    assert state_of(own_redis, job_id) == "completed"
    assert len(record.began("frozen")) == 1
    assert worker.stop() == 0


def test_the_lock_is_stolen(
    start_worker: StartWorker, producer: Producer, record: Record, own_redis: RedisServer
) -> None:
    """The computing is cancelled at once, and the stale result is not delivered."""
    worker = start_worker()
    job_id = producer.add(batch("wait stolen"))
    pids = record.wait_until_begun("stolen")
    with own_redis.client() as client:
        client.set(f"{KEY}:{job_id}:lock", "somebody else", px=60_000)
        worker.wait_for("lock_lost")
        wait_until_gone(pids[0])
        worker.wait_for("job_let_go")
        assert client.hget(f"{KEY}:{job_id}", "returnvalue") is None
        assert client.lrange(f"{KEY}:active", 0, -1) == [job_id]
    record.let_go("next")
    assert producer.run(batch("wait next"))["state"] == "completed"


def test_the_lock_lapsed_but_nobody_has_the_job(
    start_worker: StartWorker, producer: Producer, record: Record, own_redis: RedisServer
) -> None:
    """It is taken again, later sweeps for orphans leave the job alone, and it is computed once."""
    worker = start_worker(BULLMQ_STALLED_INTERVAL_MS="60000")
    job_id = producer.add(batch("wait lapsed"))
    record.wait_until_begun("lapsed")
    with own_redis.client() as client:
        client.delete(f"{KEY}:{job_id}:lock")
    worker.wait_for("lock_reacquired")
    for name in ("first", "second"):
        # A sweep that hands this one back has looked at the other one, too.
        orphan = make_orphan(own_redis, producer, name, beside=job_id)
        worker.wait_for("orphan_handed_back", job_id=orphan)
        record.let_go(name)
    record.let_go("lapsed")
    assert state_of(own_redis, job_id) == "completed"
    assert len(record.began("lapsed")) == 1
    assert attempts_of(own_redis, job_id) == ("1", "1")


def test_the_job_is_removed_while_it_runs(
    start_worker: StartWorker, producer: Producer, record: Record, own_redis: RedisServer
) -> None:
    """The computing is cancelled; the ghost that a stalled check makes is refused."""
    worker = start_worker()
    job_id = producer.add(batch("wait removed"))
    pids = record.wait_until_begun("removed")
    with own_redis.client() as client:
        client.delete(f"{KEY}:{job_id}", f"{KEY}:{job_id}:lock")
    worker.wait_for("lock_lost")
    wait_until_gone(pids[0])
    worker.wait_for("ghost_job_refused")
    record.let_go("next")
    assert producer.run(batch("wait next"))["state"] == "completed"
    assert worker.stop() == 0


def test_the_queue_is_obliterated_while_a_job_runs(
    start_worker: StartWorker, producer: Producer, record: Record, own_redis: RedisServer
) -> None:
    """Nothing is left of the job, so its computing is cancelled; the next job runs."""
    worker = start_worker()
    producer.add(batch("wait obliterated"))
    pids = record.wait_until_begun("obliterated")
    with own_redis.client() as client:
        client.delete(*client.scan_iter(f"{KEY}:*"))
    worker.wait_for("lock_lost")
    wait_until_gone(pids[0])
    record.let_go("next")
    assert producer.run(batch("wait next"))["state"] == "completed"
    assert worker.stop() == 0


def test_a_pause_by_bullmq_5_loses_no_job(
    start_worker: StartWorker, producer: Producer, record: Record, own_redis: RedisServer
) -> None:
    """Neither the job that was handed back while paused nor the one added then."""
    old = Producer("bullmq-5", own_redis.port, "topic-model", PREFIX)
    first = start_worker(SHUTDOWN_GRACE_MS="0")
    active = old.add(batch("wait active"))
    record.wait_until_begun("active")
    old.ask("pause")
    start_worker()
    first.stop()
    added = old.add(batch("wait added"))
    with own_redis.client() as client:
        # Either worker moves it: the first one still looks while it leaves.
        wait_until(lambda: {active, added} == set(client.lrange(f"{KEY}:paused", 0, -1)))
        assert client.llen(f"{KEY}:wait") == 0
    old.ask("resume")
    for name in ("active", "added"):
        record.let_go(name)
    for job_id in (active, added):
        assert state_of(own_redis, job_id) == "completed"
    old.close()


def test_redis_refuses_the_result(start_worker: StartWorker, producer: Producer, own_redis: RedisServer) -> None:
    """The attempt fails with that reason, and the worker goes on."""
    worker = start_worker()
    with own_redis.client() as client:
        client.config_set("proto-max-bulk-len", 1024 * 1024)
    job = producer.run(batch("huge result"), attempts=1)
    assert job["state"] == "failed"
    assert job["failedReason"].startswith("Redis refused the result")
    assert worker.stop() == 0


def test_redis_is_out_of_memory_at_completion(
    start_worker: StartWorker, producer: Producer, record: Record, own_redis: RedisServer
) -> None:
    """The result is delivered as soon as it can be, and not computed again."""
    worker = start_worker()
    job_id = producer.add(batch("wait memory"))
    record.wait_until_begun("memory")
    with own_redis.client() as client:
        client.config_set("maxmemory", 1)
        record.let_go("memory")
        deadline = time.monotonic() + 30
        while not {"job_completed", "delivery_retried"} & set(worker.names()):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        client.config_set("maxmemory", 0)
    assert state_of(own_redis, job_id) == "completed"
    assert len(record.began("memory")) == 1
    assert worker.stop() == 0


def test_an_idle_worker_is_not_deaf(
    start_worker: StartWorker, producer: Producer, record: Record, own_redis: RedisServer
) -> None:
    """Its blocking read ends by itself, time after time, on one connection; a job that comes then is begun."""
    start_worker()
    record.let_go("woken")
    producer.run(batch("wait woken"))
    with own_redis.client() as client:

        def n_reads() -> int:
            return int(client.info("commandstats").get("cmdstat_bzpopmin", {}).get("calls", 0))

        def blocked() -> set[str]:
            return {line["id"] for line in client.client_list() if line["cmd"] == "bzpopmin"}

        before = n_reads()
        wait_until(lambda: n_reads() > before and blocked())
        first = blocked()
        wait_until(lambda: n_reads() >= before + 4 and blocked())
        assert blocked() == first, "a read timed out in the client, which is deaf while it connects anew"
    record.let_go("awake")
    assert producer.run(batch("wait awake"))["state"] == "completed"


def test_an_orphan_is_handed_back_while_another_job_runs(
    start_worker: StartWorker, producer: Producer, record: Record, own_redis: RedisServer
) -> None:
    """A pick-up whose answer was lost does not wait for the backlog, nor for its lock to lapse."""
    worker = start_worker(BULLMQ_STALLED_INTERVAL_MS="60000", BULLMQ_LOCK_DURATION_MS="60000")
    held = producer.add(batch("wait hand"))
    record.wait_until_begun("hand")
    orphan = make_orphan(own_redis, producer, "orphan", beside=held)
    worker.wait_for("orphan_handed_back", job_id=orphan)
    for name in ("hand", "orphan"):
        record.let_go(name)
    for job_id in (held, orphan):
        assert state_of(own_redis, job_id) == "completed"
    assert attempts_of(own_redis, orphan) == ("1", "2")
    assert attempts_of(own_redis, held) == ("1", "1")
    assert worker.stop() == 0


def test_unreadable_jobs_fail_and_the_queue_goes_on(
    start_worker: StartWorker, producer: Producer, record: Record, own_redis: RedisServer
) -> None:
    """Each is taken once and fails with a reason; the job behind them is computed, and the queue is empty."""
    worker = start_worker()
    broken = {
        "timestamp": "2026-03-16T00:00:00.000Z",
        "data": '{"metadata": ' + "[" * 2_000 + "]" * 2_000 + "}",
        "opts": "null",
        "name": b"\xff",
        "progress": b"\xff",
        "stc": "9" * 5_000,
    }
    with own_redis.client() as client:
        for field, value in broken.items():
            sound = {"name": "topic-model", "data": "{}", "opts": '{"attempts": 3}', "timestamp": "1700000000000"}
            client.hset(f"{KEY}:{field}", mapping=sound | {field: value})
            client.lpush(f"{KEY}:wait", field)
    record.let_go("good")
    assert producer.run(batch("wait good"))["state"] == "completed"
    for field in broken:
        assert state_of(own_redis, field) == "failed"
        line = worker.wait_for("job_failed", job_id=field)
        assert line["reason"].startswith(f"this job cannot be read: its {field} ")
        with own_redis.client() as client:
            assert client.hmget(f"{KEY}:{field}", ["failedReason", "ats"]) == [line["reason"], "1"]
    with own_redis.client() as client:
        assert not client.exists(*(f"{KEY}:{name}" for name in ("wait", "active", "delayed", "paused")))
    assert "orphan_handed_back" not in worker.names()
    assert worker.stop() == 0


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
