"""Redis that is away, restarts, freezes, refuses, or has no memory left."""

import time

import pytest

from tests.acceptance.faults.conftest import LOCK_MS, StartWorker, batch
from tests.acceptance.faults.engine import Record
from tests.acceptance.faults.jobs_in_redis import attempts_of, state_of, wait_until
from tests.acceptance.processes import Producer
from tests.redis_server import RedisServer


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
