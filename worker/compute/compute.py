"""The compute process, kept warm: one task at a time, and a fresh process after one that is not to be used again."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

import structlog

from worker.compute.config import ComputeConfig
from worker.compute.messages import Ready, Vitals
from worker.compute.process import ANSWER_TIMEOUT_S, START_TIMEOUT_S
from worker.compute.tasks import Task
from worker.compute.transfer import pack
from worker.compute.upkeep import Ending, Upkeep
from worker.errors import ComputeCancelled, ComputeCrashed, ComputeError, EngineFailed, ModelUnavailable
from worker.lifecycle.events import OnEvent

__all__ = ["ANSWER_TIMEOUT_S", "START_TIMEOUT_S", "Compute", "ComputeState", "Ending"]

log = structlog.get_logger()


class ComputeState(StrEnum):
    """What the compute process is doing."""

    GONE = "gone"
    STARTING = "starting"
    IDLE = "idle"
    BUSY = "busy"


class Compute:
    """One compute process, kept warm; a fresh one after it crashed, was killed, was poisoned or ran enough tasks.

    Attributes:
        vitals: what the process last said of itself; None if it was not asked yet or did not answer.
        batch_started_at: Unix time at which the running task was handed over; 0 if none runs.
    """

    def __init__(self, config: ComputeConfig, on_ready: Callable[[Ready], None] = lambda _: None) -> None:
        """Take how to set the process up, and what to call when one is warm; nothing is started yet."""
        self._upkeep = Upkeep(config, on_ready)
        self._turn = asyncio.Lock()
        self._running: str | None = None
        self._is_checking = False
        self._cancelled_before_start: dict[str, str] = {}
        self._renewals: set[asyncio.Task[None]] = set()
        self.vitals: Vitals | None = None
        self.batch_started_at = 0.0

    @property
    def pid(self) -> int | None:
        """The process's id, None if none is running."""
        process = self._upkeep.process
        return process.pid if process else None

    @property
    def resident_bytes(self) -> int:
        """The process's memory in use, 0 if none is running or the system does not say."""
        process = self._upkeep.process
        return process.resident_bytes if process else 0

    @property
    def state(self) -> ComputeState:
        """What the process is doing; `gone` if the next task would have to wait for a fresh one."""
        process = self._upkeep.process  # read once, because the probes ask from another thread
        if process is None or process.has_ended:
            return ComputeState.GONE
        if self._upkeep.ready is None:
            return ComputeState.STARTING
        return ComputeState.IDLE if self._running is None else ComputeState.BUSY

    @property
    def is_warm(self) -> bool:
        """Whether the next task would begin at once."""
        process = self._upkeep.process
        if process is None or process.has_ended or process.was_killed:
            return False
        return self._upkeep.ready is not None and not self._upkeep.is_exhausted

    @property
    def silent_s(self) -> float:
        """How long ago the process sent a message, in seconds."""
        return time.monotonic() - self._upkeep.last_sign_s

    @property
    def restarts(self) -> Mapping[Ending, int]:
        """How often a fresh process took over, by the reason."""
        return self._upkeep.restarts

    @property
    def unusable(self) -> asyncio.Event:
        """Set if a process could not be set up, and the next one would fail the same way."""
        return self._upkeep.unusable

    @property
    def unusable_because(self) -> ModelUnavailable | None:
        """Why no process can be set up; None while one can."""
        return self._upkeep.unusable_because

    async def start(self) -> Ready:
        """Start the process and wait until it is warm.

        Raises:
            ModelUnavailable: the encoder or the device that was named cannot be used.
            ComputeCrashed: the process ended while it was set up.
            EngineFailed: setting up raised.
        """
        async with self._turn:
            _, ready = await self._upkeep.warm()
            return ready

    async def check(self) -> None:
        """Make sure that an idle process exists, is warm and answers; waits while a task runs.

        Raises:
            ComputeError: a fresh process could not be set up; see `start`.
        """
        async with self._turn:
            self._is_checking = True
            try:
                process, _ = await self._upkeep.warm()
                self.vitals = await process.ping()
            finally:
                self._is_checking = False
            if self.vitals is None:
                log.warning(
                    "compute_silent",
                    pid=self.pid,
                    waited_s=ANSWER_TIMEOUT_S,
                    hint="the idle compute process did not answer and is replaced; is the machine short of memory?",
                )
                await self._upkeep.discard(Ending.SILENT)

    async def run(self, task: Task, *, timeout_s: float, on_stage: OnEvent, key: str = "") -> Any:
        """Run a task in the process, and give what its function returns; tasks wait for their turn.

        Args:
            task: its arrays are sent as they lie in memory.
            timeout_s: from the moment at which a warm process has the task.
            on_stage: takes the events of the task; called on the event loop.
            key: what `cancel` may name the task by.

        Raises:
            ComputeCrashed: the process ended by itself.
            ComputeTimedOut: the task was not done in time, and the process was killed.
            ComputeCancelled: `cancel` was called.
            EngineFailed: the task's function raised.
            ModelUnavailable: a fresh process could not be set up.
        """
        async with self._turn:
            if (reason := self._cancelled_before_start.pop(key, None)) is not None:
                raise ComputeCancelled(reason)
            self._running, self._upkeep.cancelled = key, None
            try:
                return await self._run(task, timeout_s, on_stage)
            except ComputeCrashed:
                self._upkeep.refuse_if_cancelled()
                raise
            finally:
                self._running = self._upkeep.cancelled = None
                if self._upkeep.is_exhausted:
                    self.renew_soon()

    def cancel(self, reason: str, key: str | None = None) -> None:
        """Kill the process that runs a task, so that `run` raises `ComputeCancelled`; does nothing if none runs.

        Args:
            reason: comes back in the exception.
            key: cancels only the task of this name, at once or when its turn comes; None for whichever runs.
        """
        if key is not None and key != self._running:
            self._cancelled_before_start[key] = reason
            return
        if self._running is not None:
            self._upkeep.cancelled = self._upkeep.cancelled or reason
        # A task may wait behind a check that starts a process: then it has its turn at once.
        process = self._upkeep.process
        if process is not None and (self._running is not None or self._is_checking):
            process.kill()

    def forget(self, key: str) -> None:
        """Forget a cancellation of a task that has ended or will never run."""
        self._cancelled_before_start.pop(key, None)

    def renew_soon(self) -> None:
        """Start a fresh process in the background if there is none, or if the present one is not to be used again."""
        if not self._renewals:
            renewal = asyncio.create_task(self._renew())
            self._renewals.add(renewal)
            renewal.add_done_callback(self._renewals.discard)

    async def close(self) -> None:
        """End the process; a task that runs is cancelled."""
        for renewal in self._renewals:
            renewal.cancel()
        self.cancel("closing")
        async with self._turn:
            await self._upkeep.retire()

    async def _run(self, task: Task, timeout_s: float, on_stage: OnEvent) -> object:
        process, _ = await self._upkeep.warm()
        parts = await asyncio.to_thread(pack, task)
        self._upkeep.refuse_if_cancelled()
        self.batch_started_at = time.time()
        try:
            return await process.run(parts, timeout_s, on_stage)
        except BaseException as error:
            # Whatever went wrong, the process may still be at work on this task.
            if not isinstance(error, EngineFailed) or error.poisoned:
                await self._upkeep.discard(self._upkeep.ending_by(error))
            raise
        finally:
            self.batch_started_at = 0.0

    async def _renew(self) -> None:
        with contextlib.suppress(ComputeError):  # the next task or check meets the same error, and tells it
            await self.check()
