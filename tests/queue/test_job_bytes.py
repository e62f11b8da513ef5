"""A job's data stay bytes until they are parsed."""

import json
import subprocess
import sys

import pytest
from bullmq import Queue
from redis import Redis as SyncRedis

from tests.acceptance.processes import PROJECT
from tests.benchmarks.transfer import put_job
from tests.redis_server import RedisServer
from worker.queue.job_reading import reading_of
from worker.queue.library import LibraryWorker

# The text and its parsed form are two; measured 2.1 to 2.3. Decoded first, one emoji made it 7.
MOST_TEXTS = 4


async def test_names_and_values_are_told_apart(redis_server: RedisServer, queue: Queue, worker: LibraryWorker) -> None:
    """A job that is called "data" is read like any other."""
    with SyncRedis(port=redis_server.port) as client:
        fields = {"name": "data", "data": '{"text": "ñ \N{THUMBS UP SIGN}"}', "opts": "{}", "timestamp": "1"}
        client.hset(f"bull:{queue.name}:job", mapping=fields)
        client.lpush(f"bull:{queue.name}:wait", "job")
    job = await worker.getNextJob("token")
    assert job is not None
    assert (job.name, job.data) == ("data", {"text": "ñ \N{THUMBS UP SIGN}"})
    assert reading_of(job).n_bytes == len(fields["data"].encode())


@pytest.mark.slow
def test_a_large_job_takes_little_more_memory_than_its_text(own_redis: RedisServer) -> None:
    """From Redis to arrays a job never takes many times its own size, whatever characters it holds."""
    put_job(own_redis, 5_000, lists=False)
    command = [sys.executable, "-m", "tests.benchmarks.transfer", "--measure", own_redis.url]
    run = subprocess.run(command, cwd=PROJECT, stdout=subprocess.PIPE, check=True, timeout=300)
    told = json.loads(run.stdout)
    assert told["peak_mb"] < MOST_TEXTS * told["text_mb"]
