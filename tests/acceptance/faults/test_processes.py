"""Processes that are killed, crash, hang, or are asked to go."""

import os
import signal

import pytest

from tests.acceptance.faults.conftest import LOCK_MS, PREFIX, STALLED_MS, StartWorker, batch, wait_until_gone
from tests.acceptance.faults.engine import TAKEN_AWAY, Record
from tests.acceptance.processes import Producer
from tests.redis_server import RedisServer

KEY = f"{PREFIX}:topic-model"


def test_sigterm_lets_a_short_job_finish(start_worker: StartWorker, producer: Producer, record: Record) -> None:
    """It is delivered, then the worker ends with 0."""
    worker = start_worker()
    job_id = producer.add(batch("wait short"))
    record.wait_until_begun("short")
    worker.send(signal.SIGTERM)
    worker.wait_for("stop_asked")
    record.let_go("short")
    assert worker.wait() == 0
    job = producer.ask("get", id=job_id)
    assert (job["state"], job["attemptsMade"], job["attemptsStarted"]) == ("completed", 1, 1)
    assert "job_completed" in worker.names()


def test_sigterm_hands_a_long_job_back(
    start_worker: StartWorker, producer: Producer, record: Record, own_redis: RedisServer
) -> None:
    """After the grace period: no attempt spent, another worker begins it without a stalled check, exit 0."""
    first = start_worker(SHUTDOWN_GRACE_MS="300")
    job_id = producer.add(batch("wait long"))
    pids = record.wait_until_begun("long")
    second = start_worker()
    first.send(signal.SIGTERM)
    first.wait_for("job_handed_back")
    record.wait_until_begun("long", 2)
    assert first.wait() == 0
    wait_until_gone(pids[0])
    record.let_go("long")
    job = producer.ask("wait", id=job_id)
    assert (job["state"], job["attemptsMade"], job["attemptsStarted"]) == ("completed", 1, 2)
    assert len(record.ended("long")) == 1
    with own_redis.client() as client:
        assert client.hget(f"{KEY}:{job_id}", "stc") is None, "it waited for the lock to lapse"
    assert second.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_means_now(
    start_worker: StartWorker, producer: Producer, record: Record, number: signal.Signals
) -> None:
    """The job goes back at once, however long the grace period."""
    worker = start_worker(SHUTDOWN_GRACE_MS="600000")
    job_id = producer.add(batch("wait now"))
    pids = record.wait_until_begun("now")
    worker.send(number)
    worker.wait_for("stop_asked", at_once=False)
    worker.send(number)
    assert worker.wait() == 0
    job = producer.ask("get", id=job_id)
    assert (job["state"] in {"waiting", "delayed"}, job["attemptsMade"]) == (True, 0)
    wait_until_gone(pids[0])


def test_kill_9_of_the_worker(start_worker: StartWorker, producer: Producer, record: Record) -> None:
    """Another worker takes the job when the lock is over; nothing is left of the first."""
    first = start_worker()
    job_id = producer.add(batch("wait node"))
    pids = record.wait_until_begun("node")
    second = start_worker()
    first.kill()
    wait_until_gone(pids[0])
    record.wait_until_begun("node", 2, timeout_s=(LOCK_MS + 2 * STALLED_MS) / 1000 + 10)
    record.let_go("node")
    job = producer.ask("wait", id=job_id)
    assert (job["state"], job["attemptsMade"]) == ("completed", 1)
    assert len(record.ended("node")) == 1
    second.wait_for("job_stalled")


def test_kill_9_of_the_compute_process(start_worker: StartWorker, producer: Producer, record: Record) -> None:
    """The attempt fails with a reason, the next one runs in a fresh process of the same worker."""
    worker = start_worker()
    job_id = producer.add(batch("wait child"))
    pids = record.wait_until_begun("child")
    os.kill(pids[0], signal.SIGKILL)
    failed = worker.wait_for("job_failed")
    assert failed["reason"] == "compute process died of SIGKILL (killed: out of memory?) in stage reduce"
    record.wait_until_begun("child", 2)
    record.let_go("child")
    job = producer.ask("wait", id=job_id)
    assert (job["state"], job["attemptsMade"]) == ("completed", 2)
    assert worker.stop() == 0


def test_a_poison_job_fails_for_good(start_worker: StartWorker, producer: Producer, record: Record) -> None:
    """It kills its process at each attempt; then the queue goes on."""
    worker = start_worker()
    job = producer.run(batch("die poison"))
    assert (job["state"], job["attemptsMade"]) == ("failed", 3)
    assert job["failedReason"].startswith("compute process died of SIGKILL")
    assert len(record.began("poison")) == 3
    record.let_go("next")
    assert producer.run(batch("wait next"))["state"] == "completed"
    assert worker.stop() == 0


def test_an_engine_error_is_retried_with_a_clean_reason(start_worker: StartWorker, producer: Producer) -> None:
    """BullMQ backs off and retries; the reason and the stack trace hold no comment."""
    start_worker()
    job = producer.run(batch("fail bug"))
    assert (job["state"], job["attemptsMade"]) == ("failed", 3)
    assert job["failedReason"] == "ValueError in stage reduce"
    assert batch("fail bug")["items"][1]["text"] not in str(job["stacktrace"])


def test_locks_are_renewed_while_the_engine_holds_the_gil(
    start_worker: StartWorker, producer: Producer, record: Record
) -> None:
    """A batch that computes for longer than a lock lives is computed once, though another worker looks for it."""
    workers = [start_worker(), start_worker()]
    job = producer.run(batch(f"gil:{1.6 * LOCK_MS / 1000} busy"))
    assert (job["state"], job["attemptsMade"], job["attemptsStarted"]) == ("completed", 1, 1)
    assert len(record.began("busy")) == 1
    for worker in workers:
        assert not {"lock_lost", "job_stalled"} & set(worker.names())


def test_a_job_over_its_deadline(start_worker: StartWorker, producer: Producer, record: Record) -> None:
    """The computing is killed, and the reason says how long and where."""
    start_worker(TOPIC_MODEL_TIMEOUT_MS="700")
    job = producer.run(batch("wait late"), attempts=1)
    assert (job["state"], job["failedReason"]) == ("failed", "timed out after 700 ms in stage reduce")
    wait_until_gone(record.began("late")[0])


def test_a_model_that_cannot_be_loaded_stops_the_start(start_worker: StartWorker) -> None:
    """Exit 3 with the remedy, and no job is ever taken."""
    worker = start_worker(wait=False, TOPIC_MODEL_TEST_ENGINE="", KEYWORD_ENCODER="nobody/no-such-model")
    assert worker.wait(120) == 3
    assert "download it beforehand, or set KEYWORD_ENCODER=corpus" in worker.raw[-1]
    assert "worker_ready" not in worker.names()


def test_a_second_signal_while_a_result_waits_for_redis(
    start_worker: StartWorker, producer: Producer, record: Record, own_redis: RedisServer
) -> None:
    """The result is given up: it leaves at once, however long the grace period."""
    worker = start_worker(SHUTDOWN_GRACE_MS="600000")
    producer.add(batch("wait pending"))
    record.wait_until_begun("pending")
    own_redis.stop()
    record.let_go("pending")
    worker.wait_for("delivery_retried")
    worker.send(signal.SIGTERM)
    worker.wait_for("stop_asked", at_once=False)
    worker.send(signal.SIGTERM)
    assert worker.wait() == 0
    own_redis.start()


def test_sigterm_with_redis_away_ends_the_process(
    start_worker: StartWorker, producer: Producer, record: Record, own_redis: RedisServer
) -> None:
    """What closes the connections hangs without Redis; the worker ends all the same, with 0, and leaves nothing."""
    worker = start_worker(SHUTDOWN_GRACE_MS="1000")
    producer.add(batch("wait away"))
    pids = record.wait_until_begun("away")
    own_redis.stop()
    worker.send(signal.SIGTERM)
    assert worker.wait() == 0
    wait_until_gone(pids[0])
    own_redis.start()


def test_a_device_that_is_gone_later_costs_no_attempts(
    start_worker: StartWorker, producer: Producer, record: Record, own_redis: RedisServer
) -> None:
    """The job that meets it goes back, and the process ends with the reason; the rest of the queue is not touched."""
    worker = start_worker(TOPIC_MODEL_TEST_ENGINE="tests.acceptance.faults.vanishing:run")
    (record.folder / TAKEN_AWAY).touch()
    job_id = producer.add(batch("die hard"), backoff={"type": "fixed", "delay": 10})
    others = [producer.add(batch(f"wait {name}")) for name in ("next", "last")]
    assert worker.wait(60) == 3
    assert "DEVICE=cuda, but torch sees 0 GPUs here: check the driver" in worker.raw[-1]
    with own_redis.client() as client:
        # Only the process that died under the first one has cost an attempt.
        assert client.hget(f"{KEY}:{job_id}", "atm") == "1"
        assert [client.hget(f"{KEY}:{other}", "atm") for other in others] in ([None, None], ["0", "0"])
        assert client.llen(f"{KEY}:active") == 0
        assert client.zcard(f"{KEY}:failed") == 0


def test_a_backoff_that_only_its_producer_knows_is_no_loop(
    start_worker: StartWorker, producer: Producer, record: Record
) -> None:
    """The attempt is recorded and counted all the same."""
    worker = start_worker()
    over = producer.run(batch("fail custom"), attempts=2, backoff={"type": "custom", "delay": 10})
    assert over["state"] == "failed"
    assert len(record.began("custom")) == 2
    assert worker.wait_for("job_options_replaced")["options"] == ["backoff"]
