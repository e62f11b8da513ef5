"""Jobs that change in Redis under a worker: stolen, removed, paused, orphaned, unreadable."""

from tests.acceptance.faults.conftest import PREFIX, StartWorker, batch, wait_until_gone
from tests.acceptance.faults.engine import Record
from tests.acceptance.faults.jobs_in_redis import KEY, attempts_of, make_orphan, state_of, wait_until
from tests.acceptance.processes import Producer
from tests.redis_server import RedisServer


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
