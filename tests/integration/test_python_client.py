"""The Python client against real workers, and its page's code as an API would run it."""

import asyncio
import base64
import json
import os
import re
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any, get_type_hints

import numpy as np
import pytest
from redis.asyncio import Redis

from tests.acceptance.envelopes import themed_envelope
from tests.acceptance.processes import PROJECT, WorkerProcess
from tests.conftest import PREFIX, QUEUE
from tests.docs.pages import PAGES, blocks
from tests.redis_server import RedisServer
from worker.jobs.registry import show_schema

PACKAGE = PROJECT / "integration" / "python"
sys.path.insert(0, str(PACKAGE))

from topic_model_client import (  # noqa: E402
    Batch,
    Cancelled,
    FlowConflict,
    InfrastructureFailure,
    Item,
    JobConflict,
    JobRemoved,
    RedisTimeout,
    TopicModelClient,
    UnexpectedResult,
    WaitTimeout,
    results,
)
from topic_model_client.envelope import packed  # noqa: E402

FAULTY = "python-client"
SCHEMA = json.loads(show_schema())["$defs"]


def batch_of(first_text: str | None = None, n_per_theme: int = 12, **fields: Any) -> Batch:
    """Make a batch; the fault tests' engine does what its first text says."""
    items = themed_envelope(n_per_theme, 4)["items"]
    made = [Item(item["submissionId"], item["text"], item["embedding"]) for item in items]
    if first_text:
        made[0] = Item(made[0].submission_id, first_text, np.array(made[0].embedding, dtype=np.float32))
    return Batch(made, **fields)


@pytest.fixture(scope="module")
def faulty_worker(redis_server: RedisServer) -> Iterator[WorkerProcess]:
    """Give one worker whose engine does what it is told."""
    process = WorkerProcess(
        REDIS_URL=redis_server.url,
        TOPIC_MODEL_QUEUE=FAULTY,
        TOPIC_MODEL_TEST_ENGINE="tests.compute.engines.faults:by_text",
    )
    process.wait_for("worker_ready")
    yield process
    assert process.stop() == 0


@pytest.fixture
async def faulty(redis_server: RedisServer, faulty_worker: WorkerProcess) -> AsyncIterator[TopicModelClient]:
    """Give a client of that worker."""
    async with TopicModelClient(redis_server.url, queue_name=FAULTY) as client:
        yield client


@pytest.fixture
async def idle(redis_server: RedisServer, queue_name: str) -> AsyncIterator[TopicModelClient]:
    """Give a client of a queue without a worker."""
    async with TopicModelClient(redis_server.url, queue_name=queue_name) as client:
        yield client


@pytest.fixture
async def redis(redis_server: RedisServer) -> AsyncIterator[Redis]:
    """Look into Redis."""
    client = Redis.from_url(redis_server.url, decode_responses=True)
    yield client
    await client.aclose()


async def test_a_batch_and_a_tenants_model(redis_server: RedisServer, real_worker: WorkerProcess) -> None:
    """From a restart on too: found by its pipeline's id; the same batch again is not computed again."""
    async with TopicModelClient(redis_server.url, prefix=PREFIX, queue_name=QUEUE) as client:
        result = await client.run(batch_of(model={"tenant": "python"}), "python", "run-1")
        assert await client.is_any_worker_listening()
        assert result["status"] == "completed"
        assert sum(topic["docCount"] for topic in result["topics"]) + result["outlierCount"] == 48
        again = await client.enqueue(batch_of(model={"tenant": "python"}), "python", "run-1")
        assert again.reused
        progress = await client.progress(again.job_id)
        assert progress is not None
        assert (progress["stage"], progress["percent"]) == ("deliver", 100)
    async with TopicModelClient(redis_server.url, prefix=PREFIX, queue_name=QUEUE) as client:
        found = await client.find("python")
        assert found is not None
        assert (found.job_id, found.state) == (again.job_id, "completed")
        assert await client.await_result("python") == result
        one = Batch(batch_of().items[:1], model={"tenant": "python"})
        predicted = await client.run(one, "python", kind="topic-model.predict")
        assert (predicted["status"], await client.find("nobody")) == ("completed", None)
        tuned = await client.run(
            Batch(batch_of().items, params={"grid": {"nr_topics": [4]}}), "python", kind="topic-model.tune"
        )
        assert tuned["status"] == "completed"
        assert [trial["params"] for trial in tuned["trials"]] == [{}, {"nr_topics": 4}]


async def test_how_a_job_can_end(faulty: TopicModelClient) -> None:
    """By the contract, by its last attempt, by a person; each has its type, and the job's id."""
    few = batch_of("succeeds", 2)
    failed = await faulty.run(few, "few")
    assert failed["status"] == "failed"
    assert "need at least 15" in failed["error"]
    assert not (await faulty.enqueue(few, "few")).reused
    faulty._options["attempts"] = 1
    with pytest.raises(InfrastructureFailure) as raised:
        await faulty.run(batch_of("raises"), "raises")
    assert raised.value.job_id == "raises--topic-model"
    hanging = (await faulty.enqueue(batch_of("hangs"), "hangs")).job_id
    with pytest.raises(WaitTimeout):
        await faulty.await_result("hangs", 0.01)
    while (progress := await faulty.progress(hanging)) is None or progress["stage"] != "reduce":
        await asyncio.sleep(0.02)
    with pytest.raises(JobConflict, match="runs"):
        await faulty.enqueue(batch_of("succeeds"), "hangs")
    assert await faulty.cancel(hanging) == "requested"
    with pytest.raises(Cancelled):
        await faulty.await_result("hangs")
    assert await faulty.cancel(hanging) == "ended"


async def test_a_job_that_stands_already(idle: TopicModelClient, redis: Redis, queue_name: str) -> None:
    """The same batch is used, whatever the order of its parameters; another one replaces it, unless a parent waits."""
    first = await idle.enqueue(batch_of(params={"min_topic_size": 15, "nr_topics": 5}), "pipeline", "run-1")
    same = await idle.enqueue(batch_of(params={"nr_topics": 5, "min_topic_size": 15}), "pipeline", "run-1")
    assert (first.reused, same.reused) == (False, True)
    others = (batch_of(params={"nr_topics": 6}), batch_of("another text"), batch_of())
    for other in others:
        assert not (await idle.enqueue(other, "pipeline", "run-1")).reused
    assert not (await idle.enqueue(batch_of(), "pipeline", "run-2")).reused
    key = f"bull:{queue_name}:{first.job_id}"
    data, options = map(json.loads, await redis.hmget(key, ["data", "opts"]))
    assert data["metadata"] == {"pipelineId": "pipeline", "runId": "run-2"}
    assert len(data["items"][0]["embedding"]) == 4096
    assert (options["attempts"], options["removeOnComplete"]["count"]) == (3, 30)
    assert await redis.hget(f"bull:{queue_name}:meta", "opts.maxLenEvents") == "1000"
    assert await idle.progress(first.job_id) is None
    await redis.hset(key, "parentKey", "bull:another:parent")
    with pytest.raises(FlowConflict):
        await idle.enqueue(batch_of(params={"nr_topics": 6}), "pipeline", "run-2")
    await redis.hdel(key, "parentKey")
    assert [await idle.cancel(first.job_id) for _ in range(2)] == ["removed", "unknown"]
    with pytest.raises(JobRemoved):
        await idle.await_result("pipeline")
    assert not await idle.is_any_worker_listening()
    await redis.hset(key, mapping={"timestamp": 1, "finishedOn": 2, "returnvalue": '"something"'})
    with pytest.raises(UnexpectedResult):
        await idle.await_result("pipeline")


async def test_a_silent_redis_is_not_waited_for(own_redis: RedisServer) -> None:
    """Neither for ever nor for redis-py's patience."""
    async with TopicModelClient(own_redis.url, enqueue_timeout_s=0.2) as client:
        own_redis.freeze()
        with pytest.raises(RedisTimeout, match=r"may not be enqueued: Redis has not answered within 0.2 s"):
            await client.enqueue(batch_of(), "pipeline")
        own_redis.thaw()


@pytest.mark.parametrize("kind", [list, np.array, lambda row: np.array(row, dtype=np.float32), tuple])
def test_an_embedding_is_packed(kind: Any) -> None:
    """Whatever holds the numbers; what float32 cannot hold, or JSON would not call a number, stays for the worker."""
    row = [0.5, -0.25, 1, 3e-9]
    assert packed(kind(row)) == base64.b64encode(struct.pack("<4f", *row)).decode()
    for odd in ([1e39], [float("nan")], [True], ["1"], [None]):
        assert packed(odd) == odd
    assert packed("as it is") == "as it is"
    assert packed([np.float32(0.5), np.float64(0.25)]) == packed([0.5, 0.25])


@pytest.mark.parametrize(
    ("name", "definitions"),
    [
        ("Completed", ["CompletedResult", "PredictedResult", "UpdatedResult"]),
        ("Topic", ["Topic", "KnownTopic", "TotalledTopic"]),
        ("Assignment", ["Assignment"]),
        ("Metrics", ["Metrics"]),
        ("Failed", ["FailedResult"]),
        ("Skipped", ["SkippedResult"]),
        ("Tuned", ["TunedResult"]),
        ("Best", ["BestTrial"]),
    ],
)
def test_types_are_those_of_the_schema(name: str, definitions: list[str]) -> None:
    """Each field that a type has is the schema's, and what is required here is required there."""
    hinted: Any = getattr(results, name)
    assert set(get_type_hints(hinted)) <= set().union(*(SCHEMA[definition]["properties"] for definition in definitions))
    required = [set(SCHEMA[definition]["required"]) for definition in definitions]
    assert hinted.__required_keys__ == set.intersection(*required)


def test_the_pages_code_runs(redis_server: RedisServer, real_worker: WorkerProcess) -> None:
    """It is the example, which mypy looks at, and runs from the project's folder."""
    # No other page has Python that nobody runs: tests/tracking/test_mlflow.py does what the one on MLflow shows.
    python = [block.text for page in PAGES for block in blocks(page) if block.language == "python"]
    (shown,) = [text for text in python if "import mlflow" not in text]
    example = PACKAGE / "example.py"
    assert example.read_text(encoding="utf-8").partition('"""\n\n')[2] == shown
    environment = os.environ | {"REDIS_URL": redis_server.url, "PYTHONPATH": str(PACKAGE)}
    command = [sys.executable, str(example)]
    done = subprocess.run(command, cwd=PROJECT, env=environment, check=True, capture_output=True, text=True)
    said, *topics = done.stdout.splitlines()
    assert said == "pipeline-7--topic-model is new"
    assert topics
    assert all(re.match(rf"{number}_\w+", topic) for number, topic in enumerate(topics))
