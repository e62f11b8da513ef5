"""`SHED_JOB_DATA=after_success`: the embeddings leave Redis after the delivery; whatever happens, the result stays."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from bullmq import Queue
from redis.asyncio import Redis
from redis.exceptions import OutOfMemoryError
from structlog.testing import capture_logs

from tests.acceptance.envelopes import themed_envelope
from tests.lifecycle.batches import envelope_of
from tests.queue.conftest import Take
from tests.queue.test_consume import stop, until_over
from tests.redis_server import RedisServer
from worker.contract.shed_data import SHED_AT, why_shed, without_embeddings
from worker.errors import UnreadableJob
from worker.exit_codes import ExitCode
from worker.jobs.topic_model import TOPIC_MODEL
from worker.queue import shedding
from worker.queue.connection import connect
from worker.queue.consumer import consume
from worker.queue.earlier_job import returned_by
from worker.queue.job_reading import read_job
from worker.queue.stored_job import read_stored_job
from worker.settings import Settings


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """Take back the logging that a consumer sets up."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def shedding_settings(redis_server: RedisServer, queue_name: str, tmp_path: Path) -> Settings:
    """Set up a worker that sheds, with an engine that costs nothing and can keep models."""
    return Settings.from_environment(
        {
            "REDIS_URL": redis_server.url,
            "TOPIC_MODEL_QUEUE": queue_name,
            "LOG_FORMAT": "json",
            "MODEL_STORE": str(tmp_path / "models"),
            "SHED_JOB_DATA": "after_success",
            "TOPIC_MODEL_TEST_ENGINE": "tests.lifecycle.theme_engine:fit",
        }
    )


@pytest.fixture
async def consuming(shedding_settings: Settings) -> AsyncIterator[asyncio.Task[int]]:
    """Give a consumer in this process."""
    task = asyncio.create_task(consume(shedding_settings))
    yield task
    assert await stop(task) == ExitCode.COMPLETED


@pytest.mark.slow
async def test_the_embeddings_leave_and_everything_else_works(
    queue: Queue, client: Redis, queue_name: str, shedding_settings: Settings, consuming: asyncio.Task[int]
) -> None:
    """Redis gets its memory back; texts and result stay; a rerun, an update and a replay find what they need."""

    async def run(envelope: dict[str, Any], job_id: str, *, is_shed: bool = True) -> tuple[int, Any, Any]:
        await queue.pause()
        await queue.add("topic-model", envelope, {"jobId": job_id})
        key = f"bull:{queue_name}:{job_id}"
        before = await client.memory_usage(key, samples=0)
        await queue.resume()
        assert await until_over(queue, job_id, consuming) == "completed"
        # The embeddings leave after the delivery.
        while is_shed and SHED_AT not in json.loads(await client.hget(key, "data")):
            await asyncio.sleep(0.02)
        data, result = map(json.loads, await client.hmget(key, ["data", "returnvalue"]))
        return before - await client.memory_usage(key, samples=0), data, result

    first = themed_envelope(12, 4) | {"model": {"tenant": "campus-3"}}
    freed, data, result = await run(first, "first")
    assert result["status"] == "completed"
    assert freed > 48 * 768 * 5
    assert data["items"] == [{"submissionId": item["submissionId"], "text": item["text"]} for item in first["items"]]
    assert {key: data[key] for key in first if key != "items"} == {key: first[key] for key in first if key != "items"}

    _, _, updated = await run(envelope_of(1, "topic-model.update", tenant="campus-3"), "update")
    assert updated["model"]["previousVersion"] == result["model"]["version"]
    assert await returned_by("first", client, shedding_settings) == result

    too_few = themed_envelope(2, 2)
    _, data, failed = await run(too_few, "too-few", is_shed=False)
    assert (failed["status"], data) == ("failed", too_few)

    stored = await asyncio.to_thread(read_stored_job, "first", shedding_settings)
    assert stored.result == result
    with pytest.raises(UnreadableJob, match=r"job first cannot be replayed: its embeddings left Redis after .* --once"):
        stored.envelope()


def test_a_job_without_its_embeddings_fails_for_a_reason_that_helps() -> None:
    """A person may retry a completed job in Bull Board: the data's fault, with what to do."""
    envelope = themed_envelope(5, 4)
    rest = without_embeddings(envelope, datetime(2026, 3, 21, tzinfo=UTC))
    assert rest is not None
    request, again = shedding.read_request(TOPIC_MODEL, json.loads(rest), sheds=True)
    error = getattr(request, "error", "")
    assert "enqueue the batch with its embeddings" in error
    # BullMQ's retry has removed the result, and this error takes its place.
    assert "its texts are still there" in error
    assert again is None
    assert why_shed(envelope) is None
    assert why_shed(envelope | {SHED_AT: "2026-03-21T00:00:00.000Z"}) is None


@pytest.mark.parametrize("data", [None, 5, [], {}, {"items": 5}, {"items": [5, {}]}, {SHED_AT: 5, "items": {}}])
def test_whatever_the_data_are_they_are_read(data: object) -> None:
    """No JSON value raises."""
    request, rest = shedding.read_request(TOPIC_MODEL, data, sheds=True)
    assert (rest, bool(getattr(request, "error", ""))) == (None, True)


@pytest.mark.parametrize("change", ["nothing", "its data", "run again", "another job", "removed"])
async def test_only_the_data_of_that_job_are_replaced(take: Take, client: Redis, change: str) -> None:
    """What happened between the delivery and the script decides; nothing is created, nothing of others is lost."""
    claim = await take()
    await client.hset(claim.key, "data", json.dumps(themed_envelope(3, 2), ensure_ascii=False))
    claim.job.reading = read_job(await client.hgetall(claim.key))
    await claim.complete({"status": "completed"})
    match change:
        case "its data":
            await client.hset(claim.key, "data", "{}")
        case "run again":
            await client.hdel(claim.key, "finishedOn", "returnvalue")
        case "another job":
            await client.hset(claim.key, "timestamp", "5")
        case "removed":
            await client.delete(claim.key)
    before = await client.hgetall(claim.key)
    await shedding.shed(claim, '{"items":[]}', client)
    after = await client.hgetall(claim.key)
    assert after == (before | {"data": '{"items":[]}'} if change == "nothing" else before)


@pytest.fixture
async def own_client(own_redis: RedisServer) -> AsyncIterator[Redis]:
    """Give a client of a Redis that this test may fill and freeze."""
    client = connect(Settings.from_environment({"REDIS_URL": own_redis.url}))
    yield client
    await client.aclose()


async def completed_job(client: Redis, data: str) -> Any:
    """Put a completed job into Redis; give what `shed` needs of the claim on it."""
    fields = {"name": "n", "timestamp": "1", "ats": "1", "finishedOn": "2", "returnvalue": "{}", "data": data}
    await client.hset("bull:q:job", mapping=fields)
    job = SimpleNamespace(timestamp=1, attemptsStarted=1, reading=read_job(fields))
    return SimpleNamespace(key="bull:q:job", job=job)


async def test_a_full_redis_gets_its_memory_back(own_client: Redis) -> None:
    """Over `maxmemory` Redis refuses to write, but not to a script that has freed memory before."""
    claim = await completed_job(own_client, f'"{"x" * 3_000_000}"')
    # As the script that adds a job gets its data: Lua holds a copy until it needs the memory itself.
    await own_client.eval("return 1", 0, "x" * 3_000_000)
    await own_client.config_set("maxmemory", "2mb")
    with pytest.raises(OutOfMemoryError):
        await own_client.set("another", "key")
    await shedding.shed(claim, "{}", own_client)
    assert await own_client.hget(claim.key, "data") == "{}"
    assert await own_client.memory_usage(claim.key, samples=0) < 1_000
    assert (await own_client.info("memory"))["used_memory_lua"] < 1_000_000


async def test_a_failure_to_shed_is_a_warning(
    own_redis: RedisServer, own_client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Redis that is silent, or refuses, costs a line and no more than a moment; the job is delivered."""
    claim = await completed_job(own_client, '"x"')
    monkeypatch.setattr(shedding, "TIMEOUT_S", 0.05)
    with capture_logs() as lines:
        own_redis.freeze()
        await shedding.shed(claim, "{}", own_client)
        own_redis.thaw()
        await own_client.ping()
        monkeypatch.setattr(shedding, "TIMEOUT_S", 30.0)
        await own_client.delete(claim.key)
        await own_client.set(claim.key, "not a job")
        await shedding.shed(claim, "{}", own_client)
    assert [(line["event"], line["log_level"]) for line in lines] == [("job_data_not_shed", "warning")] * 2
    assert "TimeoutError" in lines[0]["reason"]
    assert "WRONGTYPE" in lines[1]["reason"]
    assert all("result is delivered" in line["hint"] for line in lines)
