"""What chaos does to workers and Redis."""

import os
import random
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.acceptance.faults.conftest import PREFIX, is_running
from tests.acceptance.faults.engine import FOLDER, Record
from tests.acceptance.processes import WorkerProcess
from tests.redis_server import RedisServer

QUEUE = "topic-model"
KEY = f"{PREFIX}:{QUEUE}"
LOCK_MS, STALLED_MS = 6000, 1500
# Longer than a lock lives, s.
LONGEST_REFUSAL_S = 15.0
STALLS = 50
FAULTS = (
    "kill worker",
    "stop worker",
    "kill compute",
    "restart redis",
    "freeze redis",
    "cut connections",
    "drop a lock",
    "lose a lock",
    "fail over",
    "refuse writes",
    "add an unreadable job",
    "break a log",
)
UNREADABLE = {
    "timestamp": "2026-03-16T00:00:00.000Z",
    "data": '{"metadata": ' + "[" * 2_000 + "]" * 2_000 + "}",
    "opts": "null",
    "name": b"\xff",
}


@dataclass
class Chaos:
    """One run: the server, the workers, and what was done to them."""

    server: RedisServer
    record: Record
    random: random.Random
    store: Path
    workers: list[WorkerProcess] = field(default_factory=list)
    ended: list[WorkerProcess] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    longest_refusal_s: float = LONGEST_REFUSAL_S
    unreadable: list[str] = field(default_factory=list)
    stolen: set[str] = field(default_factory=set)

    def start_worker(self, *, has_log: bool = True) -> WorkerProcess:
        """Start one more worker, or one whose log nobody reads."""
        worker = WorkerProcess(
            has_log=has_log,
            REDIS_URL=self.server.url,
            BULLMQ_PREFIX=PREFIX,
            BULLMQ_LOCK_DURATION_MS=str(LOCK_MS),
            BULLMQ_STALLED_INTERVAL_MS=str(STALLED_MS),
            BULLMQ_MAX_STALLED_COUNT=str(STALLS),
            SHUTDOWN_GRACE_MS="300",
            TOPIC_MODEL_TEST_ENGINE="tests.acceptance.faults.model_engine:run",
            MODEL_STORE=str(self.store),
            **{FOLDER: str(self.record.folder)},
        )
        self.workers.append(worker)
        return worker

    def strike(self) -> None:
        """Do one thing that goes wrong in a pod's life."""
        name = self.random.choice(FAULTS)
        self.faults[name] += 1
        getattr(self, "_" + name.replace(" ", "_"))()

    def replace_failed(self) -> None:
        """Start a worker for each that has ended by itself, as Kubernetes does."""
        for worker in [worker for worker in self.workers if worker.process.poll() is not None]:
            self._replace(worker)

    def _replace(self, worker: WorkerProcess, *, has_log: bool = True) -> None:
        self.workers.remove(worker)
        self.ended.append(worker)
        self.start_worker(has_log=has_log)

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
        """Another worker may rightly take the job before its owner notices."""
        with self.server.client() as client:
            for job_id in client.lrange(f"{KEY}:active", 0, 0):
                self.stolen.add(job_id)
                client.delete(f"{KEY}:{job_id}:lock")

    def _lose_a_lock(self) -> None:
        """Its owner takes it again: no stalled check comes before the next renewal."""
        with self.server.client() as client:
            for job_id in client.lrange(f"{KEY}:active", 0, -1):
                client.set(f"{KEY}:stalled-check", "chaos", px=LOCK_MS // 2)
                client.srem(f"{KEY}:stalled", job_id)
                client.delete(f"{KEY}:{job_id}:lock")

    def _fail_over(self) -> None:
        """The server becomes a replica and closes nothing, and is the primary again some seconds later."""
        with self.server.client() as client:
            client.execute_command("REPLICAOF", "127.0.0.1", "1")
            time.sleep(self.random.uniform(0.5, 4))
            client.execute_command("REPLICAOF", "NO", "ONE")

    def _refuse_writes(self) -> None:
        with self.server.client() as client:
            client.config_set("min-replicas-to-write", 1)
            time.sleep(self.random.choice([1.0, self.longest_refusal_s / 3, self.longest_refusal_s]))
            client.config_set("min-replicas-to-write", 0)

    def _add_an_unreadable_job(self) -> None:
        field = self.random.choice(sorted(UNREADABLE))
        job_id = f"unreadable{len(self.unreadable)}"
        self.unreadable.append(job_id)
        sound = {"name": "topic-model", "data": "{}", "opts": '{"attempts": 3}', "timestamp": "1700000000000"}
        with self.server.client() as client:
            client.hset(f"{KEY}:{job_id}", mapping=sound | {field: UNREADABLE[field]})
            client.rpush(f"{KEY}:wait", job_id)

    def _break_a_log(self) -> None:
        worker = self.random.choice(self.workers)
        worker.send(signal.SIGTERM)
        self._replace(worker, has_log=False)
