"""Chaos: two workers, many jobs, a fault every second or so at random; nothing may be lost or doubled.

Nothing is lost: each job ends once, with its own result, and an unreadable one fails with a reason.
Nothing is computed twice while a lock is held: no two computes of a job overlap.
Nothing is delivered twice: BullMQ's stream tells of each completion once.
No comment is counted twice or left out: of three tenants each has an unbroken chain of models, one for each update.

    python -m tests.acceptance.faults.chaos [--jobs 200] [--model-jobs 100] [--seed N] [--every 1.0]

Prints the seed, then a table. Exit code 1 if any of that does not hold.
"""

import argparse
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bullmq import Queue

from tests.acceptance.faults.conftest import PREFIX, batch
from tests.acceptance.faults.engine import Record
from tests.acceptance.faults.model_jobs import model_jobs
from tests.acceptance.faults.strikes import KEY, LONGEST_REFUSAL_S, QUEUE, Chaos
from tests.acceptance.faults.verdict import leftovers, n_over, verdict
from tests.acceptance.processes import WorkerProcess
from tests.redis_server import RedisServer
from worker.exit_codes import ExitCode

# How long a batch computes, s. One in eight outlasts two sweeps for orphans.
SHORTEST_S, LONGEST_S, LONG_S = 0.2, 1.5, 5.0
END_TIMEOUT_S = 180.0
ATTEMPTS = 10


async def _enqueue(server: RedisServer, n_jobs: int, n_model_jobs: int, chance: random.Random) -> list[str]:
    queue = Queue(QUEUE, {"connection": {"host": "127.0.0.1", "port": server.port}, "prefix": PREFIX})
    ids = []
    jobs = [*_plain_jobs(n_jobs, chance), *model_jobs(n_model_jobs, chance)]
    chance.shuffle(jobs)
    for name, data in jobs:
        for item in data["items"]:
            item["submissionId"] += f"-{name}"
        options = {"jobId": name, "attempts": ATTEMPTS, "backoff": {"type": "fixed", "delay": 200}}
        ids.append((await queue.add("topic-model", data, options)).id)
    await queue.close()
    return ids


def _plain_jobs(n_jobs: int, chance: random.Random) -> Iterator[tuple[str, dict[str, Any]]]:
    for number in range(n_jobs):
        duration_s = LONG_S if number % 8 == 0 else chance.uniform(SHORTEST_S, LONGEST_S)
        yield f"job{number}", batch(f"sleep:{duration_s:.2f} job{number}")


def run(
    n_jobs: int, seed: int, every_s: float, *, n_model_jobs: int, longest_refusal_s: float = LONGEST_REFUSAL_S
) -> int:
    """Run chaos until all jobs are over; give the exit code."""
    import asyncio

    with tempfile.TemporaryDirectory() as folder:
        records = Path(folder) / "record"
        records.mkdir()
        chance = random.Random(seed)
        server = RedisServer(Path(folder))
        server.start()
        chaos = Chaos(server, Record(records), chance, Path(folder) / "models", longest_refusal_s=longest_refusal_s)
        ids = asyncio.run(_enqueue(server, n_jobs, n_model_jobs, chance))
        for _ in range(2):
            chaos.start_worker()
        _strike_until_over(chaos, len(ids), every_s)
        for worker in list(chaos.workers):
            worker.send(signal.SIGTERM)
        wrong = verdict(chaos, ids)
        wrong += [f"a worker ended with {code}" for code in map(_exit_code, (*chaos.workers, *chaos.ended)) if code]
        wrong += leftovers(chaos.record, ids)
        _print_table(chaos, server, ids, wrong)
        server.stop()
    return 1 if wrong else 0


def _strike_until_over(chaos: Chaos, n_jobs: int, every_s: float) -> None:
    deadline_s = time.monotonic() + END_TIMEOUT_S + 4 * n_jobs * LONGEST_S
    while (n_ended := n_over(chaos)) < n_jobs and time.monotonic() < deadline_s:
        # The last jobs end in peace, or a fault might always hit the very last one.
        if n_ended < 0.95 * n_jobs:
            chaos.strike()
        time.sleep(chaos.random.uniform(0.5, 1.5) * every_s)
        chaos.replace_failed()


def _exit_code(worker: WorkerProcess) -> int:
    """Wait for its end; 0 too for one that was killed, was stopped early, or could not use Redis at its start."""
    code = worker.wait(60)
    expected = {-signal.SIGKILL} if "worker_starting" in worker.names() else {-signal.SIGKILL, -signal.SIGTERM}
    if "worker_ready" not in worker.names():
        expected.add(ExitCode.INFRASTRUCTURE)
    return 0 if code in expected else code


def _print_table(chaos: Chaos, server: RedisServer, ids: list[str], wrong: list[str]) -> None:
    began = sum(len(chaos.record.began(job_id)) for job_id in ids)
    ended = sum(len(chaos.record.ended(job_id)) for job_id in ids)
    events = Counter(event for worker in (*chaos.workers, *chaos.ended) for event in worker.names())
    with server.client() as client:
        attempts = sum(int(client.hget(f"{KEY}:{job_id}", "atm") or 0) for job_id in ids)
    rows = [(f"fault: {name}", n) for name, n in sorted(chaos.faults.items())]
    rows += [
        ("faults", chaos.faults.total()),
        ("jobs", len(ids)),
        ("computes begun", began),
        ("computes finished", ended),
    ]
    rows += [("attempts spent on failures", attempts - len(ids)), ("handed back", events["job_handed_back"])]
    stages = [event for worker in (*chaos.workers, *chaos.ended) for event in worker.events]
    rows += [
        ("activations of models", sum(event.get("stage") == "keep" and "version" in event for event in stages)),
        ("activations found by a retry", sum(event.get("done_before") is True for event in stages)),
        ("races for an activation lost", sum(event.get("race_lost") is True for event in stages)),
    ]
    rows += [
        ("locks taken again", events["lock_reacquired"]),
        ("unreadable jobs failed", len(chaos.unreadable)),
        ("orphans handed back", events["orphan_handed_back"]),
    ]
    rows += [("stale results not delivered", events["result_dropped"] + events["job_let_go"]), ("wrong", len(wrong))]
    for name, n in rows:
        print(f"{name:32}{n:6}")
    for line in wrong:
        print(f"WRONG: {line}")
    if wrong:
        for worker in (*chaos.workers, *chaos.ended):
            print("".join(line for line in worker.raw if any(w.split()[0] in line for w in wrong))[:4000])


def main() -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--model-jobs", type=int, default=100, help="updates and predictions of three tenants")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--every", type=float, default=1.0, help="seconds between faults, on the average")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    return run(arguments.jobs, arguments.seed, arguments.every, n_model_jobs=arguments.model_jobs)


if __name__ == "__main__":
    sys.exit(main())
