"""The model of Redis against a real redis-server: the same commands give the same answers and leave the same keys."""

import asyncio
import contextlib
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
import redis
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.queue.protocol.both import Both
from tests.queue.protocol.model_redis import ModelRedis
from tests.queue.protocol.model_scripts import SCRIPTS
from tests.redis_server import RedisServer
from worker.queue.claim import GIVE_UP, LAST_EVENT_IS, REACQUIRE
from worker.queue.pauses import KEEP_PAUSED

LOCK_MS = 60_000

JOBS = st.sampled_from(["j1", "j2", "j3"])
TOKENS = st.sampled_from(["a:1", "b:1"])
STARTS = st.sampled_from(["1", "2"])
STEPS = st.one_of(
    st.tuples(st.just("add"), JOBS),
    st.tuples(st.just("take"), TOKENS),
    st.tuples(st.just("take"), TOKENS),
    st.tuples(st.just("tick"), st.sampled_from([0.001, 5.0])),
    st.tuples(st.just("renew"), JOBS, TOKENS),
    st.tuples(st.just("finish"), JOBS, TOKENS, st.sampled_from(["completed", "failed"]), st.booleans()),
    st.tuples(st.just("hand_back"), JOBS, TOKENS, st.sampled_from([0, 1]), st.booleans()),
    st.tuples(st.just("retry"), JOBS, TOKENS),
    st.tuples(st.just("check_stalled"), st.sampled_from([0, 1])),
    st.tuples(st.just("progress"), JOBS),
    st.tuples(st.just("lose"), st.sampled_from(["j1:lock", "j2:lock", "stalled-check", "j1"])),
    st.tuples(st.just("pause"), st.booleans()),
    st.tuples(st.just("keep_paused")),
    st.tuples(st.just("wait")),
    st.tuples(st.just("reacquire"), JOBS, TOKENS, STARTS),
    st.tuples(st.just("give_up"), JOBS, TOKENS, st.sampled_from(["", "1", "2"])),
    st.tuples(st.just("look_up"), JOBS),
)


async def _take_step(both: Both, step: tuple[Any, ...]) -> None:
    scripts = both.scripts
    match step:
        case "add", job_id:
            _add(both, job_id)
        case "tick", seconds:
            both.now_s += seconds
        case "take", token:
            await scripts.moveToActive(token, {"lockDuration": LOCK_MS})
        case "renew", job_id, token:
            await scripts.extendJobLocks([job_id], [token], LOCK_MS)
        case "finish", job_id, token, outcome, is_removed:
            job = SimpleNamespace(id=job_id, opts={}, attempts=3, attemptsMade=0, queue=SimpleNamespace(opts={}))
            finish = scripts.moveToCompleted if outcome == "completed" else scripts.moveToFailed
            await finish(job, "value", is_removed, token, False)
        case "hand_back", job_id, token, delay, is_free:
            await scripts.moveToDelayed(job_id, int(both.now_s * 1000), delay, token, {"skipAttempt": is_free})
        case "retry", job_id, token:
            await scripts.retryJob(job_id, False, token, {"fieldsToUpdate": {"failedReason": "why"}})
        case "check_stalled", max_count:
            await scripts.moveStalledJobsToWait(max_count, LOCK_MS)
        case "progress", job_id:
            await scripts.updateProgress(job_id, 1)
        case _:
            _send_step(both, step)


def _add(both: Both, job_id: str) -> None:
    fields = ["name", "t", "data", "{}", "opts", "{}", "timestamp", "1", "delay", "0", "priority", "0"]
    if not both.send("EXISTS", both.scripts.toKey(job_id)):
        both.send("HSET", both.scripts.toKey(job_id), *fields)
        both.send("LPUSH", both.scripts.keys["wait"], job_id)
        both.send("ZADD", both.scripts.keys["marker"], 0, "0")


def _send_step(both: Both, step: tuple[Any, ...]) -> None:
    """Take a step that is no script of BullMQ's."""
    keys = both.scripts.keys
    match step:
        case "lose", name:
            both.send("DEL", both.scripts.toKey(name))
        case "pause", True:
            both.send("HSET", keys["meta"], "paused", 1)
        case "pause", False:
            both.send("HDEL", keys["meta"], "paused")
        case ("keep_paused",):
            both.own(KEEP_PAUSED, ["meta", "wait", "paused"])
        case ("wait",):
            both.send("BZPOPMIN", keys["marker"], "0.01")
        case "reacquire", job_id, token, starts:
            names = [job_id, f"{job_id}:lock", "active", "wait", "paused", "stalled"]
            both.own(REACQUIRE, names, job_id, starts, token, str(LOCK_MS))
        case "give_up", job_id, token, starts:
            names = [job_id, f"{job_id}:lock", "stalled", "failed", "events"]
            names += ["active", "wait", "paused", "delayed", "prioritized"]
            both.own(GIVE_UP, names, job_id, starts, token, "why", "5")
        case "look_up", job_id:
            both.own(LAST_EVENT_IS, ["events"], job_id, "completed", "returnvalue", '"value"')


def _look(both: Both) -> None:
    """Read as the worker reads."""
    locks = [both.scripts.toKey(f"{job_id}:lock") for job_id in ("j1", "j2", "j3")]
    both.send("LRANGE", both.scripts.keys["active"], 0, -1)
    both.send("MGET", *locks)
    both.send("HMGET", both.scripts.toKey("j1"), "finishedOn", "returnvalue", "ats", "atm")


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[redis.Redis]:
    """Give a real Redis that keeps nothing: thousands of writes need no disk."""
    server = RedisServer(tmp_path_factory.mktemp("redis"), "--appendonly", "no")
    server.start()
    with redis.Redis(port=server.port) as client:
        yield client
    server.stop()


ANOTHER_HOLDS_IT = [("add", "j1"), ("take", "a:1"), ("finish", "j1", "b:1", "completed", False)]
ANOTHER_HOLDS_IT += [("hand_back", "j1", "b:1", 0, True), ("retry", "j1", "b:1"), ("renew", "j1", "b:1")]
REMOVED_AND_ADDED_AGAIN = [("add", "j1"), ("take", "a:1"), ("finish", "j1", "a:1", "completed", True)]
REMOVED_AND_ADDED_AGAIN += [("look_up", "j1"), ("add", "j1"), ("look_up", "j1"), ("take", "b:1"), ("look_up", "j1")]


@example(steps=ANOTHER_HOLDS_IT)
@example(steps=REMOVED_AND_ADDED_AGAIN)
@settings(max_examples=60, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEPS, min_size=5, max_size=25))
def test_the_model_does_what_redis_does(real: redis.Redis, steps: list[tuple[Any, ...]]) -> None:
    """Both give the same answer at each step, and hold the same keys in the end."""
    both = Both(real)

    async def take_steps() -> None:
        for step in steps:
            with contextlib.suppress(TypeError):  # BullMQ's words for a script's refusal, which both gave
                await _take_step(both, step)
            _look(both)

    with mock.patch("bullmq.scripts.time", SimpleNamespace(time=lambda: both.now_s)):
        asyncio.run(take_steps())
    both.compare()


def test_a_lock_lapses_in_the_model_as_in_redis(real: redis.Redis) -> None:
    """A key with a time to live is there before its end and not after it."""
    now_ms = 0.0
    model = ModelRedis(lambda: now_ms, SCRIPTS, lambda *_: None)
    model.execute([b"SET", b"lock", b"a:1", b"PX", b"50"])
    now_ms = 49.0
    assert (model.do_get("lock"), model.do_pttl("lock")) == ("a:1", 1)
    now_ms = 50.0
    real.set("model-lapse", "a:1", px=60_000)
    assert real.get("model-lapse") == b"a:1"
    real.pexpire("model-lapse", 1)
    while real.pttl("model-lapse") >= 0:
        pass
    assert real.get("model-lapse") is model.do_get("lock") is None
