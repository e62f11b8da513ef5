"""A job's end is recorded once, through refusals that pass, lost answers and lapsed locks."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
from redis import exceptions as redis_errors
from redis.asyncio import Redis
from structlog.testing import capture_logs

from tests.queue.conftest import Take
from worker.operations.redis_errors import describe, is_passing
from worker.queue import backoff
from worker.queue.claim import Claim
from worker.queue.delivery import MAX_REFUSALS, DeliveryRefused, deliver, record_failure
from worker.queue.library import LibraryWorker

DOCUMENT = {"text": "ñ", "number": 0.1}
RECORD: dict[str, Callable[[Claim], Coroutine[Any, Any, bool]]] = {
    "a result": lambda claim: deliver(claim, DOCUMENT),
    "a failure": lambda claim: record_failure(claim, "it broke"),
    "the last failure": lambda claim: record_failure(claim, "it broke", for_good=True),
}


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Try again at once."""
    monkeypatch.setattr(backoff, "DELIVERY_CAP_S", 0.001)
    return


async def states(worker: LibraryWorker, client: Redis) -> list[str]:
    """List the places where the job is."""
    found = [name for name in ("active", "wait") if await client.lpos(worker.backend.toKey(name), "job") is not None]
    names = ("completed", "failed", "delayed")
    return found + [name for name in names if await client.zscore(worker.backend.toKey(name), "job") is not None]


ENDS = {"a result": ["completed"], "a failure": ["delayed"], "the last failure": ["failed"]}
OPTIONS: dict[str, Any] = {"attempts": 3, "backoff": {"type": "fixed", "delay": 60_000}}


@pytest.mark.parametrize("what", sorted(RECORD))
async def test_an_end_is_recorded(what: str, take: Take, worker: LibraryWorker, client: Redis) -> None:
    """Result, attempt, or last attempt: in the list where it belongs, counted once."""
    claim = await take(**OPTIONS)
    assert await RECORD[what](claim)
    assert await states(worker, client) == ENDS[what]
    key = worker.backend.toKey("job")
    assert await client.hget(key, "atm") == "1"
    if what == "a result":
        assert json.loads(await client.hget(key, "returnvalue")) == DOCUMENT
    else:
        assert await client.hget(key, "failedReason") == "it broke"
        assert json.loads(await client.hget(key, "stacktrace")) == ["it broke"]


@pytest.mark.parametrize("keep", [{}, {"removeOnComplete": True, "removeOnFail": True}])
@pytest.mark.parametrize("what", sorted(RECORD))
async def test_an_answer_is_lost(
    what: str, keep: dict[str, Any], take: Take, worker: LibraryWorker, client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The script ran and its answer was lost: the second try finds out, and the attempt counts once."""
    claim = await take(**OPTIONS, **keep)
    name = "complete" if what == "a result" else "fail"
    write, calls = getattr(claim, name), []

    async def loses_its_first_answer(*arguments: Any, **options: Any) -> None:
        calls.append(1)
        await write(*arguments, **options)
        if len(calls) == 1:
            raise redis_errors.ConnectionError("answer lost")

    monkeypatch.setattr(claim, name, loses_its_first_answer)
    assert await RECORD[what](claim)
    assert len(calls) == 2
    is_removed = bool(keep) and what != "a failure"
    assert await states(worker, client) == ([] if is_removed else ENDS[what])
    assert await client.hget(worker.backend.toKey("job"), "atm") == (None if is_removed else "1")


async def test_a_job_that_was_removed_is_not_called_delivered(
    take: Take, worker: LibraryWorker, client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer is lost, and so was the command; an earlier job of the same id had the same result."""
    keep = {"removeOnComplete": True}
    assert await deliver(await take(**keep), DOCUMENT)
    claim = await take(token="second", **keep)

    async def loses(document: object) -> None:
        await client.delete(worker.backend.toKey("job"))
        monkeypatch.undo()
        raise redis_errors.ConnectionError("command lost")

    monkeypatch.setattr(claim, "complete", loses)
    assert not await deliver(claim, DOCUMENT)


async def begin_while_writes_are_refused(client: Redis, record: Coroutine[Any, Any, bool]) -> asyncio.Task[bool]:
    """Begin to record, and let Redis take writes again after more refusals than are borne with."""
    await client.config_set("min-replicas-to-write", 1)
    try:
        with capture_logs() as lines:
            recording = asyncio.create_task(record)
            while len(lines) < 2 * MAX_REFUSALS:
                assert not recording.done()
                await asyncio.sleep(0.01)
    finally:
        await client.config_set("min-replicas-to-write", 0)
    return recording


@pytest.mark.parametrize("what", sorted(RECORD))
async def test_a_refusal_that_passes_is_waited_out(what: str, take: Take, worker: LibraryWorker, client: Redis) -> None:
    """Redis takes no writes for longer than refusals are borne with, and the lock lapses meanwhile."""
    claim = await take(**OPTIONS)
    recording = await begin_while_writes_are_refused(client, RECORD[what](claim))
    await client.delete(worker.backend.toKey("job:lock"))
    assert await recording
    assert await states(worker, client) == ENDS[what]


@pytest.mark.parametrize("what", sorted(RECORD))
async def test_the_lock_is_gone_while_redis_takes_no_writes(
    what: str, take: Take, worker: LibraryWorker, client: Redis
) -> None:
    """The script refuses for the lock, the lock cannot be taken: that is an outage, too."""
    claim = await take(**OPTIONS)
    await client.delete(worker.backend.toKey("job:lock"))
    assert await (await begin_while_writes_are_refused(client, RECORD[what](claim)))
    assert await states(worker, client) == ENDS[what]


@pytest.mark.parametrize("what", sorted(RECORD))
async def test_another_worker_has_the_job(what: str, take: Take, worker: LibraryWorker, client: Redis) -> None:
    """Nothing is written over its claim."""
    claim = await take(**OPTIONS)
    key = worker.backend.toKey("job")
    await client.set(f"{key}:lock", "another")
    await client.hincrby(key, "ats", 1)
    assert not await RECORD[what](claim)
    assert await states(worker, client) == ["active"]
    assert await client.get(f"{key}:lock") == "another"


async def test_a_value_that_cannot_be_sent_is_refused_at_once(take: Take, worker: LibraryWorker, client: Redis) -> None:
    """No option of a job makes its end impossible to record: the failure is written without it."""
    claim = await take(attempts=1)
    claim.job.opts["removeOnComplete"] = claim.job.opts["removeOnFail"] = {"age": 10**30}
    with pytest.raises(DeliveryRefused, match="OverflowError"):
        await deliver(claim, DOCUMENT)
    assert await record_failure(claim, "it broke")
    assert await states(worker, client) == ["failed"]


async def test_an_error_of_the_client_costs_no_result(
    take: Take, worker: LibraryWorker, client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that closes at the wrong moment may raise anything; the result is kept and tried again."""
    claim = await take(attempts=3)
    complete = claim.complete

    async def breaks(document: Any) -> None:
        monkeypatch.setattr(claim, "complete", complete)
        raise AttributeError("'NoneType' object has no attribute 'write'")

    monkeypatch.setattr(claim, "complete", breaks)
    assert await deliver(claim, DOCUMENT)
    assert await states(worker, client) == ["completed"]


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (redis_errors.ResponseError("NOREPLICAS Not enough good replicas to write."), True),
        (redis_errors.ResponseError("MISCONF Redis is configured to save RDB snapshots"), True),
        (redis_errors.ResponseError("BUSY Redis is busy running a script."), True),
        (redis_errors.ResponseError("Error running script (call to f_0): @user_script:974: -OOM command"), True),
        (redis_errors.OutOfMemoryError("command not allowed when used memory > 'maxmemory'."), True),
        (redis_errors.BusyLoadingError("Redis is loading the dataset in memory"), True),
        (redis_errors.MasterDownError("Link with MASTER is down"), True),
        (redis_errors.ClusterDownError("CLUSTERDOWN The cluster is down"), True),
        (redis_errors.ReadOnlyError("You can't write against a read only replica."), True),
        (redis_errors.TryAgainError("Multiple keys request during rehashing of slot"), True),
        (redis_errors.ResponseError("WRONGTYPE Operation against a key holding the wrong kind of value"), False),
        (redis_errors.NoPermissionError("this user has no permissions"), False),
        (redis_errors.ResponseError("ERR hash value is not an integer"), False),
        (redis_errors.ConnectionError("Connection closed by server."), False),
    ],
)
def test_refusals_that_pass_are_told_from_those_that_do_not(error: Exception, passes: bool) -> None:
    """By the word that Redis puts first, also if it comes from inside a script."""
    assert is_passing(error) == passes


@pytest.mark.parametrize(
    "text",
    [
        "NOREPLICAS Not enough good replicas to write.",
        "Error running script (call to f_0): @user_script:27: @user_script: 27: "
        "-NOREPLICAS Not enough good replicas to write.",
        "Command # 1 (LLEN key) of pipeline caused error: NOREPLICAS Not enough good replicas to write.",
    ],
    ids=["plain", "script", "pipeline"],
)
def test_a_refusal_is_told_by_its_own_words(text: str) -> None:
    """Whatever Redis 6 and redis-py put before it."""
    assert describe(redis_errors.ResponseError(text)) == "NOREPLICAS Not enough good replicas to write."
