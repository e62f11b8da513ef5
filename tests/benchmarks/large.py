"""A corpus that is too large for one job, through the client's `LargeRuns` and real workers.

    python -m tests.benchmarks.large [--comments 200000] [--sample 50000] [--chunk 5000] [--side-by-side 4]
                                     [--workers 2]

The comments are made up as they are read, of 20 themes: `tests/integration/large.cjs`. Redis, the workers and the Node
process that stands for the API are started here, on one machine. Times and memory are printed as a table; purity is the
share of the assigned comments whose topic has their theme as its most frequent one.
"""

import argparse
import contextlib
import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.acceptance.processes import PROJECT, WorkerProcess
from tests.redis_server import RedisServer

N_THEMES = 20
WORDS_PER_THEME = 10
TENANT = "large"
SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprst" for vowel in "aeiou"]


def themes() -> list[list[str]]:
    """Make up words of three syllables, ten for each theme."""
    n = len(SYLLABLES)
    numbers = range(N_THEMES * WORDS_PER_THEME)
    words = [SYLLABLES[i % n] + SYLLABLES[i * 7 // n % n] + SYLLABLES[(i * 11 + 5) % n] for i in numbers]
    return [words[i : i + WORDS_PER_THEME] for i in range(0, len(words), WORDS_PER_THEME)]


@contextlib.contextmanager
def started(arguments: argparse.Namespace, folder: Path) -> Iterator[tuple[RedisServer, list[WorkerProcess]]]:
    """Start Redis and the workers, which share a model store."""
    # Not written to disk: what is measured is the flow.
    redis = RedisServer(folder, "--appendonly", "no")
    redis.start()
    settings = {"REDIS_URL": redis.url, "MODEL_STORE": str(folder / "models")}
    workers = [WorkerProcess(**settings) for _ in range(arguments.workers)]
    try:
        for worker in workers:
            worker.wait_for("worker_ready", timeout_s=600)
        yield redis, workers
        for worker in workers:
            assert worker.stop() == 0
    finally:
        for worker in workers:
            worker.clear_away()
        redis.stop()


def peaks_mb(worker: WorkerProcess) -> tuple[float, float]:
    """Read the peak of the worker process and that of its compute process, MB."""
    pid = worker.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return _peak_mb(pid), max((_peak_mb(int(child)) for child in children), default=0.0)


def _peak_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) / 1024


def go(arguments: argparse.Namespace, redis: RedisServer) -> dict[str, Any]:
    """Let the API run its corpus; give what it prints."""
    run = {
        "port": redis.port,
        "prefix": "bull",
        "queueName": "topic-model",
        "tenant": TENANT,
        "themes": themes(),
        "comments": arguments.comments,
        "sample": arguments.sample,
        "chunk": arguments.chunk,
        "sideBySide": arguments.side_by_side,
        "twice": False,
    }
    command = ["node", "tests/integration/large.cjs", str(PROJECT / "integration" / "dist" / "src"), json.dumps(run)]
    done = subprocess.run(command, cwd=PROJECT, check=True, stdout=subprocess.PIPE, text=True)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def report(told: dict[str, Any], redis: RedisServer, workers: list[WorkerProcess]) -> Iterator[str]:
    """Put what was measured into lines."""
    result = told["result"]
    if result["status"] != "completed":
        raise SystemExit(f"part {result['part']} failed: {result['error']}")
    memory = redis.client().info("memory")
    took = [[event["duration_s"] for event in worker.events if event["event"] == "job_completed"] for worker in workers]
    yield f"comments {result['comments']}, parts {len(result['parts'])}, topics {len(result['topics'])}"
    yield f"outliers {result['outlierCount']}, purity {told['purity']:.4f}, assigned {told['assigned']}"
    yield f"seconds {told['seconds']:.1f}, of these in the API {told['inApiS']:.1f}"
    yield f"comments/s {result['comments'] / told['seconds']:.0f}"
    yield f"Redis, peak MB {memory['used_memory_peak'] / 1e6:.0f}, at the end {memory['used_memory'] / 1e6:.0f}"
    yield f"API, peak MB {told['peakMb']:.0f}"
    for number, (worker, seconds) in enumerate(zip(workers, took, strict=True), 1):
        parent, child = peaks_mb(worker)
        yield f"worker {number}, peak MB {parent:.0f}, of its compute process {child:.0f}"
        yield f"worker {number}, jobs {len(seconds)}, seconds {sum(seconds):.1f}, the longest {max(seconds):.1f}"


def main() -> None:
    """Run it once and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--comments", type=int, default=200_000)
    parser.add_argument("--sample", type=int, default=50_000)
    parser.add_argument("--chunk", type=int, default=5_000)
    parser.add_argument("--side-by-side", type=int, default=4)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, started(arguments, Path(folder)) as (redis, workers):
        print(f"Redis and {len(workers)} workers are ready after {time.monotonic() - began:.0f} s", flush=True)
        for line in report(go(arguments, redis), redis, workers):
            print(line)


if __name__ == "__main__":
    main()
