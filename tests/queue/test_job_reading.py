"""Jobs that BullMQ's own client cannot read: each arrives, with a reason that a person reads."""

import json

import pytest
from bullmq import Queue
from redis import Redis as SyncRedis
from redis.asyncio import Redis
from structlog.testing import capture_logs

from tests.queue.conftest import LOCK_MS
from tests.redis_server import RedisServer
from worker.operations.prometheus_metrics import Outcome
from worker.queue.claim import Claim
from worker.queue.delivery import record_failure
from worker.queue.job_reading import read_job, reading_of
from worker.queue.library import LibraryWorker

SOUND = {"name": "topic-model", "data": '{"items": []}', "opts": '{"attempts": 3}', "timestamp": "1700000000000"}
DEEP = "[" * 3_000 + "]" * 3_000
UNREADABLE = {
    "data, no JSON": ({"data": "{"}, "its data is not JSON: Expecting property name"),
    "data, empty": ({"data": ""}, "its data is not JSON: Expecting value"),
    "data, nested deeply": ({"data": f'{{"metadata": {DEEP}}}'}, "its data is not JSON this worker reads: nested too"),
    "data, a huge integer": ({"data": "9" * 5_000}, "its data is not JSON: Exceeds the limit"),
    "data, no UTF-8": ({"data": b'{"text": "\xff"}'}, "its data is not JSON: it is not UTF-8 text"),
    "data, a raw half surrogate": ({"data": b'"\xed\xa0\x80"'}, "its data is not JSON: it is not UTF-8 text"),
    "data, UTF-16": ({"data": "{}".encode("utf-16")}, "its data is not JSON: it is not UTF-8 text"),
    "opts, no JSON": ({"opts": "{"}, "its opts is not JSON"),
    "opts, null": ({"opts": "null"}, "its opts is not a JSON object"),
    "opts, a list": ({"opts": "[]"}, "its opts is not a JSON object"),
    "opts, nested deeply": ({"opts": f'{{"attempts": {DEEP}}}'}, "its opts is not JSON this worker reads: nested too"),
    "opts, parent is a word": ({"opts": '{"parent": "mine"}'}, "BullMQ's client cannot read this job: AttributeError"),
    "opts, two ways to fail a parent": (
        {"opts": '{"fpof": true, "idof": true}'},
        "BullMQ's client cannot read this job: ValueError",
    ),
    "timestamp, a fraction": ({"timestamp": "1700000000000.5"}, "its timestamp is not an integer"),
    "timestamp, ISO": ({"timestamp": "2026-03-16T00:00:00.000Z"}, "its timestamp is not an integer"),
    "timestamp, huge": ({"timestamp": "9" * 5_000}, "its timestamp is not an integer"),
    "timestamp, large": ({"timestamp": "9" * 30}, "its timestamp is out of range"),
    "progress": ({"progress": "half"}, "its progress is not JSON"),
    "delay": ({"delay": "soon"}, "its delay is not an integer"),
    "priority": ({"priority": "1e3"}, "its priority is not an integer"),
    "stacktrace": ({"stacktrace": "{}"}, "its stacktrace is not a JSON array"),
    "stalled counter": ({"stc": "many"}, "its stc is not an integer"),
    "attempts made": ({"atm": "none"}, "its atm is not an integer"),
    "parent, no JSON": ({"parent": "{"}, "its parent is not JSON"),
    "name, no UTF-8": ({"name": b"\xff"}, "its name is not UTF-8 text"),
}


async def put(redis: RedisServer, queue: Queue, fields: dict[str, str | bytes]) -> None:
    """Put a job with these fields into the queue as a hand-written producer would."""
    key = f"bull:{queue.name}"
    with SyncRedis(port=redis.port) as client:
        client.hset(f"{key}:job", mapping=SOUND | fields)
        client.lpush(f"{key}:wait", "job")


@pytest.mark.parametrize("case", sorted(UNREADABLE))
async def test_an_unreadable_job_fails_for_good_at_its_first_pick_up(
    redis_server: RedisServer, queue: Queue, worker: LibraryWorker, client: Redis, case: str
) -> None:
    """It reaches the processor with a reason, and no list but `failed` holds it afterwards."""
    fields, reason = UNREADABLE[case]
    await put(redis_server, queue, fields)
    job = await worker.getNextJob(f"{worker.id}:1")
    assert job is not None
    flaw = reading_of(job).flaw
    assert flaw is not None
    assert flaw.outcome == Outcome.UNREADABLE
    assert reason in flaw.reason
    assert len(flaw.reason) <= 1_000
    claim = Claim(client, worker, job, f"{worker.id}:1", LOCK_MS)
    assert await record_failure(claim, flaw.reason, for_good=True)
    key = worker.backend.toKey
    assert await client.zscore(key("failed"), "job") is not None
    assert not await client.exists(key("active"), key("wait"), key("delayed"), key("job:lock"))
    assert await client.hmget(key("job"), ["failedReason", "ats"]) == [flaw.reason, "1"]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"opts": "{}"},
        {"data": '"\\ud800"', "progress": '{"percent": 5}', "stacktrace": '["once"]', "atm": "1", "ats": "4"},
        {"data": "NaN", "delay": "0", "priority": "0", "processedOn": "1700000000000", "finishedOn": ""},
        {"data": "9" * 400},
    ],
)
def test_a_sound_job_is_left_as_it_is(fields: dict[str, str]) -> None:
    """What BullMQ's own client reads has no flaw."""
    reading = read_job(SOUND | fields)
    assert reading.flaw is None
    assert reading.fields.keys() == (SOUND | fields).keys()
    assert repr(reading.data) == repr(json.loads((SOUND | fields)["data"]))


def test_a_ghost_and_a_stalled_job_are_told_apart() -> None:
    """The hash that a stalled check makes of a removed job is no job; one that stalled too often is."""
    ghost = read_job({"stc": "1", "ats": "1"}).flaw
    stalled = read_job(SOUND | {"defa": "job stalled more than allowable limit"}).flaw
    assert ghost is not None
    assert stalled is not None
    assert (ghost.outcome, stalled.outcome) == (Outcome.LOST, Outcome.STALLED)
    assert stalled.reason == "job stalled more than allowable limit"


def test_no_reason_shows_the_data() -> None:
    """The text of a comment is in no reason, whatever is wrong with it."""
    for data in ('{"text": "marked-text-zq', '["marked-text-zq" 1]', "marked-text-zq"):
        flaw = read_job(SOUND | {"data": data, "timestamp": "marked-text-zq"}).flaw
        assert flaw is not None
        assert "marked-text-zq" not in flaw.reason


@pytest.mark.parametrize(("lock_ms", "events"), [(1, ["job_slow_to_parse"]), (LOCK_MS, [])])
async def test_data_that_are_too_large_for_the_lock_are_told_of(
    redis_server: RedisServer, queue: Queue, worker: LibraryWorker, lock_ms: int, events: list[str]
) -> None:
    """While they are parsed no lock is renewed; the hint names a lock that is long enough."""
    await put(redis_server, queue, {"data": json.dumps([0.123456789] * 100_000)})
    worker.opts["lockDuration"] = lock_ms
    with capture_logs() as lines:
        assert await worker.getNextJob("token") is not None
    assert [line["event"] for line in lines] == events
    assert all("BULLMQ_LOCK_DURATION_MS" in line["hint"] and line["job_id"] == "job" for line in lines)
