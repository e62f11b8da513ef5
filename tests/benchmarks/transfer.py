"""How a large job comes from Redis into arrays: time, and memory above the job's text.

    python -m tests.benchmarks.transfer [--sizes 10000 50000] [--repeats 3] [--lists]

The jobs are made up: random unit vectors as base64 (`--lists`: as lists of numbers) and short texts, one in fifty of
which holds an emoji. A real redis-server holds each as BullMQ's hash. A fresh process takes it with the worker's own
client and reads it into a batch. "floor" is what cannot be avoided, in the same process afterwards: the data asked for
as bytes, and every embedding decoded from base64. Cells are medians; CPU is user and system.
"""

import argparse
import asyncio
import base64
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any, Final

import numpy as np
from redis import Redis as SyncRedis
from redis.asyncio import Redis

from tests.benchmarks.memory import peak_mb, reset_peak, resident_mb
from tests.effort import cpu_s
from tests.redis_server import RedisServer
from worker.contract.envelope import Batch, read_envelope
from worker.queue.connection import connect
from worker.queue.library import LibraryWorker
from worker.settings import Settings

QUEUE: Final = "transfer"
KEY: Final = f"bull:{QUEUE}"
N_DIMENSIONS: Final = 768


def put_job(redis: RedisServer, n_items: int, *, lists: bool) -> None:
    """Put a job into the queue as a producer would."""
    with SyncRedis(port=redis.port) as client:
        data = b'{"items": [' + b", ".join(_items(n_items, lists=lists)) + b'], "metadata": {"pipelineId": "p"}}'
        client.hset(f"{KEY}:job", mapping={"name": "topic-model", "data": data, "opts": "{}", "timestamp": "1"})
        client.delete(f"{KEY}:active")
        client.lpush(f"{KEY}:wait", "job")


def _items(n_items: int, *, lists: bool) -> Iterator[bytes]:
    rng = np.random.default_rng(0)
    for i in range(n_items):
        vector = rng.normal(size=N_DIMENSIONS).astype("<f4")
        vector /= np.linalg.norm(vector)
        embedding = vector.tolist() if lists else base64.b64encode(vector.tobytes()).decode()
        text = f"comment {i} says that the class is clear and fair" + (" \N{THUMBS UP SIGN}" if i % 50 == 0 else "")
        item = {"submissionId": f"s{i}", "text": text, "embedding": embedding}
        yield json.dumps(item, ensure_ascii=False).encode()


async def _take(client: Redis, settings: Settings) -> Batch:
    options = {"connection": client, "prefix": settings.bullmq_prefix, "autorun": False, "lockDuration": 120_000}
    worker = LibraryWorker(settings.queue_name, None, options)
    job = await worker.getNextJob("token")
    assert job is not None
    batch = read_envelope(job.data)
    job.data = {}
    assert isinstance(batch, Batch), batch
    await worker.close(force=True)
    return batch


async def measure(url: str) -> dict[str, float]:
    """Take the job and read it; then do what cannot be avoided."""
    settings = Settings.from_environment({"REDIS_URL": url, "TOPIC_MODEL_QUEUE": QUEUE})
    client = connect(settings)
    await client.ping()
    reset_peak()
    before_mb, before_cpu_s, began_s = resident_mb(), cpu_s(), time.monotonic()
    batch = await _take(client, settings)
    told = {"s": time.monotonic() - began_s, "cpu_s": cpu_s() - before_cpu_s, "peak_mb": peak_mb() - before_mb}
    told["array_mb"] = batch.embeddings.nbytes / 2**20
    del batch
    await client.aclose()
    return told | _floor(url)


def _floor(url: str) -> dict[str, float]:
    before_s = cpu_s()
    with SyncRedis.from_url(url) as client:
        data: Any = client.hget(f"{KEY}:job", "data")
    array = np.empty((data.count(b'"embedding"'), N_DIMENSIONS), dtype="<f4")
    for row, packed in zip(array, re.finditer(rb'"embedding": "([^"]*)"', data), strict=False):
        row[:] = np.frombuffer(base64.b64decode(packed[1]), dtype="<f4")
    return {"floor_cpu_s": cpu_s() - before_s, "text_mb": len(data) / 2**20}


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sizes", type=int, nargs="+", default=[10_000, 50_000])
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument("--lists", action="store_true", help="embeddings as lists of numbers")
    options.add_argument("--measure", metavar="URL", help=argparse.SUPPRESS)
    arguments = options.parse_args()
    if arguments.measure:
        print(json.dumps(asyncio.run(measure(arguments.measure))))
        return
    print("| items | text MiB | seconds | CPU s | floor CPU s | ratio | peak MiB | above the text | arrays MiB |")
    print("|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        # Not written to disk: what is measured is the way from Redis to the arrays.
        redis = RedisServer(Path(folder), "--appendonly", "no", "--proto-max-bulk-len", "2gb")
        redis.start()
        try:
            for size in arguments.sizes:
                print(_row(redis, size, arguments), flush=True)
        finally:
            redis.stop()


def _row(redis: RedisServer, size: int, arguments: argparse.Namespace) -> str:
    runs = []
    for _ in range(arguments.repeats):
        put_job(redis, size, lists=arguments.lists)
        command = [sys.executable, "-m", "tests.benchmarks.transfer", "--measure", redis.url]
        runs.append(json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout))
    mid = {name: median(run[name] for run in runs) for name in runs[0]}
    ratio = "" if arguments.lists else f"{mid['cpu_s'] / mid['floor_cpu_s']:.1f}x"
    cells = [f"{size:,}", f"{mid['text_mb']:.0f}", f"{mid['s']:.2f}", f"{mid['cpu_s']:.2f}"]
    cells += ["" if arguments.lists else f"{mid['floor_cpu_s']:.2f}", ratio, f"{mid['peak_mb']:.0f}"]
    cells += [f"{mid['peak_mb'] - mid['text_mb']:.0f}", f"{mid['array_mb']:.0f}"]
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
