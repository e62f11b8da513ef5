"""Chaos: two workers, many jobs, a fault every second or so at random; nothing may be lost or doubled.

    python -m tests.acceptance.faults.chaos [--jobs 200] [--seed N] [--every 1.0]

Prints the seed, then a table. Exit code 1 where a job was lost, ended twice, or got another's result.
"""

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from bullmq import Queue

from tests.acceptance.faults.conftest import PREFIX, batch, is_running
from tests.acceptance.faults.engine import FOLDER, Record
from tests.acceptance.processes import WorkerProcess
from tests.redis_server import RedisServer

QUEUE = "topic-model"
KEY = f"{PREFIX}:{QUEUE}"
LOCK_MS, STALLED_MS = 6000, 1500
# A batch computes so long, s.
SHORTEST_S, LONGEST_S = 0.2, 1.5
END_TIMEOUT_S = 180.0
ATTEMPTS = 10
STALLS = 50


@dataclass
class Chaos:
    """One run: the server, the workers, and what was done to them."""

    server: RedisServer
    record: Record
    random: random.Random
    workers: list[WorkerProcess] = field(default_factory=list)
    ended: list[WorkerProcess] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)

    def start_worker(self) -> WorkerProcess:
        """Start one more worker."""
        worker = WorkerProcess(
            REDIS_URL=self.server.url,
            BULLMQ_PREFIX=PREFIX,
            BULLMQ_LOCK_DURATION_MS=str(LOCK_MS),
            BULLMQ_STALLED_INTERVAL_MS=str(STALLED_MS),
            BULLMQ_MAX_STALLED_COUNT=str(STALLS),
            SHUTDOWN_GRACE_MS="300",
            TOPIC_MODEL_TEST_ENGINE="tests.acceptance.faults.engine:run",
            **{FOLDER: str(self.record.folder)},
        )
        self.workers.append(worker)
        return worker

    def strike(self) -> None:
        """Do one thing that goes wrong in a pod's life."""
        name = self.random.choice(
            [
                "kill worker",
                "stop worker",
                "kill compute",
                "restart redis",
                "freeze redis",
                "cut connections",
                "drop a lock",
            ]
        )
        self.faults[name] += 1
        getattr(self, "_" + name.replace(" ", "_"))()

    def _replace(self, worker: WorkerProcess) -> None:
        self.workers.remove(worker)
        self.ended.append(worker)
        self.start_worker()

    def _kill_worker(self) -> None:
        worker = self.random.choice(self.workers)
        worker.kill()
        self._replace(worker)

    def _stop_worker(self) -> None:
        worker = self.random.choice(self.workers)
        worker.send(signal.SIGTERM)
        self._replace(worker)

    def _kill_compute(self) -> None:
        running = [pid for path in self.record.folder.glob("*.began") for pid in map(int, path.read_text().split())]
        if alive := sorted({pid for pid in running if is_running(pid)}):
            os.kill(self.random.choice(alive), signal.SIGKILL)

    def _restart_redis(self) -> None:
        self.server.stop()
        time.sleep(self.random.uniform(0, 1.5))
        self.server.start()

    def _freeze_redis(self) -> None:
        self.server.freeze()
        time.sleep(self.random.uniform(0.2, 2))
        self.server.thaw()

    def _cut_connections(self) -> None:
        with self.server.client() as client:
            client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")

    def _drop_a_lock(self) -> None:
        with self.server.client() as client:
            for job_id in client.lrange(f"{KEY}:active", 0, 0):
                client.delete(f"{KEY}:{job_id}:lock")


async def _enqueue(server: RedisServer, n_jobs: int, chance: random.Random) -> list[str]:
    queue = Queue(QUEUE, {"connection": {"host": "127.0.0.1", "port": server.port}, "prefix": PREFIX})
    ids = []
    for number in range(n_jobs):
        name = f"job{number}"
        data = batch(f"sleep:{chance.uniform(SHORTEST_S, LONGEST_S):.2f} {name}")
        for item in data["items"]:
            item["submissionId"] += f"-{name}"
        options = {"jobId": name, "attempts": ATTEMPTS, "backoff": {"type": "fixed", "delay": 200}}
        ids.append((await queue.add("topic-model", data, options)).id)
    await queue.close()
    return ids


def _n_over(server: RedisServer) -> int:
    with server.client() as client:
        return int(client.zcard(f"{KEY}:completed")) + int(client.zcard(f"{KEY}:failed"))


def _verdict(server: RedisServer, ids: list[str]) -> list[str]:
    """List what is wrong."""
    wrong = []
    with server.client() as client:
        completed, failed = (client.zrange(f"{KEY}:{state}", 0, -1) for state in ("completed", "failed"))
        ends = Counter([*completed, *failed])
        wrong += [f"{job_id} ended {ends[job_id]} times" for job_id in ids if ends[job_id] != 1]
        wrong += [f"{job_id} failed: {client.hget(f'{KEY}:{job_id}', 'failedReason')}" for job_id in failed]
        left = [state for state in ("active", "wait", "paused", "delayed") if client.exists(f"{KEY}:{state}")]
        wrong += [f"jobs are left in {state}" for state in left]
        for job_id in completed:
            result = json.loads(client.hget(f"{KEY}:{job_id}", "returnvalue"))
            owners = {a["submissionId"].rpartition("-")[2] for a in result["assignments"]}
            wrong += [f"{job_id} has the result of {sorted(owners)}"] if owners != {job_id} else []
    return wrong


def run(n_jobs: int, seed: int, every_s: float) -> int:
    """Run chaos until all jobs are over; give the exit code."""
    import asyncio

    with tempfile.TemporaryDirectory() as folder:
        records = Path(folder) / "record"
        records.mkdir()
        chance = random.Random(seed)
        server = RedisServer(Path(folder))
        server.start()
        chaos = Chaos(server, Record(records), chance)
        ids = asyncio.run(_enqueue(server, n_jobs, chance))
        for _ in range(2):
            chaos.start_worker()
        _strike_until_over(chaos, n_jobs, every_s)
        for worker in list(chaos.workers):
            worker.send(signal.SIGTERM)
        wrong = _verdict(server, ids)
        wrong += [f"a worker ended with {code}" for code in map(_exit_code, (*chaos.workers, *chaos.ended)) if code]
        wrong += _leftovers(chaos.record, ids)
        _print_table(chaos, server, ids, wrong)
        server.stop()
    return 1 if wrong else 0


def _strike_until_over(chaos: Chaos, n_jobs: int, every_s: float) -> None:
    deadline_s = time.monotonic() + END_TIMEOUT_S + 4 * n_jobs * LONGEST_S
    while (n_over := _n_over(chaos.server)) < n_jobs and time.monotonic() < deadline_s:
        # The last jobs end in peace, or a fault might always hit the very last one.
        if n_over < 0.95 * n_jobs:
            chaos.strike()
        time.sleep(chaos.random.uniform(0.5, 1.5) * every_s)


def _exit_code(worker: WorkerProcess) -> int:
    """Wait for its end; 0 too where it was killed, or was stopped before it could hear of it."""
    code = worker.wait(60)
    expected = {-signal.SIGKILL} if "worker_starting" in worker.names() else {-signal.SIGKILL, -signal.SIGTERM}
    return 0 if code in expected else code


def _leftovers(record: Record, ids: list[str]) -> list[str]:
    pids = {pid for job_id in ids for pid in record.began(job_id)}
    deadline_s = time.monotonic() + 10
    while any(map(is_running, pids)) and time.monotonic() < deadline_s:
        time.sleep(0.05)
    return [f"process {pid} is left" for pid in sorted(pids) if is_running(pid)]


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
    rows += [("locks taken again", events["lock_reacquired"]), ("orphans handed back", events["orphan_handed_back"])]
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
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--every", type=float, default=1.0, help="seconds between faults, on the average")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    return run(arguments.jobs, arguments.seed, arguments.every)


if __name__ == "__main__":
    sys.exit(main())
