"""The worker's own parts, wired as `consume` wires them; only the compute process is simulated."""

import asyncio
import contextlib
import contextvars
from typing import Any

from bullmq import Job

from tests.queue.protocol.referee import Referee
from worker.errors import ComputeCancelled
from worker.operations.prometheus_metrics import Telemetry
from worker.operations.shutdown import LEAVE_S, Shutdown
from worker.queue.chores import repeat
from worker.queue.connection import connect
from worker.queue.consumer import CLOCK_INTERVAL_S
from worker.queue.drain import close, drain, end_tasks
from worker.queue.library import make_worker
from worker.queue.locks import LockWatch
from worker.queue.orphans import OrphanSweep
from worker.queue.pauses import PauseMover
from worker.queue.processing import Processor
from worker.settings import Settings
from worker.topics.fit import NoTopics

# Half of the defaults, so that a run is short; the proportions are the defaults' own.
LOCK_S, STALLED_S, SOCKET_TIMEOUT_S = 60, 15, 15.0


class SimulatedCompute:
    """Computes each job for as long as the test says, on the simulated clock."""

    def __init__(self, worker: "SimulatedWorker", referee: Referee, seconds: dict[str, float]) -> None:
        """Take whose it is, who is told, and how long each job takes."""
        self._worker = worker
        self._referee = referee
        self._seconds = seconds
        self._running: dict[str, asyncio.Future[None]] = {}
        self._doomed: dict[str, str] = {}

    async def run(self, task: object, *, key: str, **_: Any) -> tuple[NoTopics]:
        """Compute; raises ComputeCancelled as the real one does."""
        if reason := self._doomed.pop(key, None):
            raise ComputeCancelled(reason)
        loop = asyncio.get_running_loop()
        done = self._running[key] = loop.create_future()
        timer = loop.call_later(self._seconds[key], lambda: done.done() or done.set_result(None))
        self._referee.on_compute(key, self._worker.name, self._worker.tokens[key])
        try:
            await done
        finally:
            timer.cancel()
            self._running.pop(key, None)
            self._referee.on_computed(key, self._worker.name)
        return (NoTopics.NO_CLUSTERS,)  # one outcome for each variant of the task

    def cancel(self, reason: str, key: str | None = None) -> None:
        """End the computing of one job, or of whichever runs."""
        if key is not None and key not in self._running:
            self._doomed[key] = reason
        for running in [key] if key in self._running else list(self._running) if key is None else []:
            if not self._running[running].done():
                self._running[running].set_exception(ComputeCancelled(reason))
                self._referee.on_computed(running, self._worker.name)

    def forget(self, key: str) -> None:
        """Take back what `cancel` said of a job that was not computed."""
        self._doomed.pop(key, None)


class SimulatedWorker:
    """The worker's own parts, put together as `consume` does, with a simulated compute process.

    Attributes:
        began_s: when it was started.
        name: the host under which it connects, so that the network knows it.
        tokens: of the jobs that it has, by job.
        client: its connections.
        leaving: what ends it in order, if it was told to.
    """

    def __init__(self, name: str, referee: Referee, seconds: dict[str, float]) -> None:
        """Wire it; must be called on the loop."""
        self.name = name
        self.began_s = asyncio.get_running_loop().time()
        self.tokens: dict[str, str] = {}
        self.leaving: asyncio.Task[None] | None = None
        self._context = contextvars.copy_context()
        settings = Settings.from_environment(
            {
                "REDIS_URL": f"redis://{name}:6379",
                "BULLMQ_LOCK_DURATION_MS": str(LOCK_S * 1000),
                "BULLMQ_STALLED_INTERVAL_MS": str(STALLED_S * 1000),
                "BULLMQ_MAX_STALLED_COUNT": "1000",
            }
        )
        telemetry = Telemetry(300)
        client = self.client = connect(settings)
        self.compute: Any = SimulatedCompute(self, referee, seconds)
        self._watch = LockWatch(self.compute, settings.lock_duration_ms, telemetry)
        self._processor = Processor(settings, client, self.compute, self._watch, telemetry)
        self._bullmq = make_worker(settings, client, self._process, self._watch, telemetry)
        self._processor.worker = self._bullmq
        runs = (
            self._bullmq.run(),
            self._watch.watch(),
            repeat("hand orphans back", OrphanSweep(client, self._bullmq, self._watch, telemetry).sweep),
            repeat("keep paused jobs safe", PauseMover(client, self._bullmq).move),
            repeat("read Redis's clock", self._bullmq.clock.measure, CLOCK_INTERVAL_S),
        )
        self.tasks = [asyncio.ensure_future(run) for run in runs]

    @property
    def library_id(self) -> str:
        """What the tokens of its locks begin with."""
        return str(self._bullmq.id)

    async def _process(self, job: Job, token: str) -> None:
        self.tokens[str(job.id)] = token
        try:
            await self._processor(job, token)
        finally:
            self.tokens.pop(str(job.id), None)

    def leave(self, loop: asyncio.AbstractEventLoop, grace_s: float) -> None:
        """Begin to do what SIGTERM makes of `consume`; the process is gone when `leaving` is done."""
        if self.leaving is None:
            self.leaving = loop.create_task(self._leave(grace_s), context=self._context)

    async def _leave(self, grace_s: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace_s + LEAVE_S):
                shutdown = Shutdown(grace_s)
                await drain(self._processor, self._bullmq, self.compute, self._watch, shutdown, grace_s)
                running, *helpers = self.tasks
                await end_tasks(*helpers)
                await close(self._bullmq, running)
