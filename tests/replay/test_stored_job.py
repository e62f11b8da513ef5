"""`--job`: the envelope of a job in Redis, and its stored result."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest
from bullmq import Queue

from tests.redis_server import RedisServer
from tests.replay.commands import ask, refusal, told
from tests.replay.conftest import Call
from tests.replay.small_batch import QUICK


async def _add(server: RedisServer, queue_name: str, envelope: dict[str, Any], job_id: str) -> None:
    queue = Queue(queue_name, {"connection": server.url, "prefix": "faculytics:bull"})
    await queue.add("topic-model", envelope, {"jobId": job_id})
    await queue.close()


@pytest.mark.slow
def test_a_stored_job(batch: Path, redis_server: RedisServer, queue_name: str, ask_here: Call) -> None:
    """A job is taken from Redis in whatever state it is, compared with its result, and left as it was."""
    job_id = "p1--topic-model"
    settings = {
        **QUICK,
        "REDIS_URL": redis_server.url,
        "BULLMQ_PREFIX": "faculytics:bull",
        "TOPIC_MODEL_QUEUE": queue_name,
    }
    asyncio.run(_add(redis_server, queue_name, json.loads(batch.read_text()), job_id))
    key = f"faculytics:bull:{queue_name}:{job_id}"
    with redis_server.client() as client:
        waiting = ask("--once", "--job", job_id, **settings)
        assert waiting.returncode == 0, told(waiting)
        assert f"job {job_id}: not yet run" in told(waiting)
        assert "no stored result to compare with" in told(waiting)
        document = json.loads(waiting.stdout)
        client.hset(key, mapping={"returnvalue": json.dumps(document), "finishedOn": "1"})
        before = client.hgetall(key)
        done = ask_here("--once", "--job", job_id, **settings)
        assert "stored and here are identical (but for completedAt and version)" in told(done).splitlines()
        # What BullMQ leaves of an attempt before: the job is completed all the same.
        client.hset(key, mapping={"failedReason": "CUDA out of memory", "atm": "2"})
        assert f"job {job_id}: completed after 2 attempts" in told(ask_here("--once", "--job", job_id, **settings))
        client.hdel(key, "returnvalue")
        assert f"{job_id}: failed after 2 attempts: CUDA out of memory" in told(
            ask_here("--once", "--job", job_id, **settings)
        )
        client.hdel(key, "finishedOn")
        client.hset(key, "atm", "1")
        again = told(ask_here("--once", "--job", job_id, **settings))
        assert f"{job_id}: to be tried again after 1 attempt: CUDA out of memory" in again
        client.hdel(key, "failedReason", "atm")
        client.hset(key, mapping={"returnvalue": json.dumps(document), "finishedOn": "1"})
        document["assignments"][0]["topicIndex"] = 1 - document["assignments"][0]["topicIndex"]
        client.hset(key, "returnvalue", json.dumps(document))
        moved = ask_here("--once", "--job", job_id, **settings)
        assert "stored and here differ: 1 documents in another topic" in told(moved)
        client.hset(key, "returnvalue", '{"something": "else"}')
        assert "is not a result document" in told(ask_here("--once", "--job", job_id, **settings))
        client.hset(key, "returnvalue", before["returnvalue"])
        assert client.hgetall(key) == before
    missing = refusal(ask_here("--once", "--job", "none", **settings))
    assert missing.startswith(f"no job none in queue {queue_name} (prefix faculytics:bull) at {redis_server.url}")
    assert refusal(ask_here("--once", "--job", "meta", **settings)).startswith("no job meta in queue")
    assert refusal(ask_here("--once", "--job", os.fsdecode(b"\xff"), **settings)).startswith("no job   in queue")


def test_redis_is_away() -> None:
    """A Redis that does not answer is an infrastructure error in one line, without the password."""
    process = ask("--once", "--job", "x", REDIS_URL="redis://user:secret@127.0.0.1:1")
    assert process.returncode == 3
    line = told(process).splitlines()[-1]
    assert line.startswith("python -m worker: Redis at redis://127.0.0.1:1 does not answer: nothing listens there")
