"""Which compute process there is: start one, notice that it died, put it away, start the next."""

import asyncio
import time
from collections.abc import Callable
from enum import StrEnum

import structlog

from worker.compute.config import ComputeConfig
from worker.compute.messages import Ready
from worker.compute.process import ComputeProcess
from worker.errors import ComputeCancelled, ComputeError, ComputeTimedOut, EngineFailed, ModelUnavailable

log = structlog.get_logger()


class Ending(StrEnum):
    """Why a compute process was replaced by a fresh one."""

    CRASHED = "crashed"
    SILENT = "silent"
    POISONED = "poisoned"  # CUDA or memory: it must not be used again
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    RETIRED = "retired"  # after COMPUTE_MAX_JOBS


class Upkeep:
    """Holds at most one process; its methods are called one at a time.

    Attributes:
        process: the present one; None if there is none.
        ready: what it said when it was warm; None before.
        restarts: how often a fresh process took over, by the reason.
        last_sign_s: when the process sent a message, began or ended (monotonic).
        cancelled: why the task that waits for a warm process must not run; None to go on.
        unusable: set if a process could not be set up, and the next one would fail the same way.
        unusable_because: why.
    """

    def __init__(self, config: ComputeConfig, on_ready: Callable[[Ready], None]) -> None:
        """Take how to set a process up, and what to call when one is warm; nothing is started yet."""
        self._config = config
        self._on_ready = on_ready
        self._ending: Ending | None = None
        self.process: ComputeProcess | None = None
        self.ready: Ready | None = None
        self.restarts = dict.fromkeys(Ending, 0)
        self.last_sign_s = time.monotonic()
        self.cancelled: str | None = None
        self.unusable = asyncio.Event()
        self.unusable_because: ModelUnavailable | None = None

    @property
    def is_exhausted(self) -> bool:
        """Whether the process has run as many tasks as it may."""
        return self.process is not None and 0 < self._config.max_jobs <= self.process.n_tasks

    def refuse_if_cancelled(self) -> None:
        """Raise `ComputeCancelled` if the task must not run."""
        if self.cancelled is not None:
            raise ComputeCancelled(self.cancelled) from None

    async def warm(self) -> tuple[ComputeProcess, Ready]:
        """Give a process that is ready for a task: the present one if it is, else a fresh one.

        Raises:
            ComputeCancelled: the task must not run.
            ComputeError: a fresh process could not be set up.
        """
        await self._put_away()
        self.refuse_if_cancelled()
        if self.process is None:
            if self._ending is not None:
                self.restarts[self._ending] += 1
            self.process, self.ready = ComputeProcess(self._config, self._note_sign), None
            self._note_sign()
        if self.ready is None:
            try:
                self.ready = await self.process.set_up()
            except BaseException as error:
                await self.discard(self.ending_by(error))
                if isinstance(error, ModelUnavailable):
                    self.unusable_because = error
                    self.unusable.set()
                raise
            self._on_ready(self.ready)
        return self.process, self.ready

    def ending_by(self, error: BaseException) -> Ending:
        """Say what an error of a task or of the set-up makes of the process."""
        if self.cancelled is not None or not isinstance(error, ComputeError):
            return Ending.CANCELLED
        if isinstance(error, ComputeTimedOut):
            return Ending.TIMED_OUT
        return Ending.POISONED if isinstance(error, EngineFailed) else Ending.CRASHED

    async def retire(self) -> None:
        """Let the process end by itself."""
        if (process := self._take_out(Ending.RETIRED)) is not None:
            await process.stop()

    async def discard(self, ending: Ending) -> None:
        """Kill the process."""
        if (process := self._take_out(ending)) is not None:
            await process.end()

    def _take_out(self, ending: Ending) -> ComputeProcess | None:
        process, self.process, self.ready = self.process, None, None
        if process is not None:
            self._ending = ending
            # /livez measures from here how long there has been no process.
            self._note_sign()
        return process

    async def _put_away(self) -> None:
        """End a process that is not to be used again."""
        process = self.process
        if process is None:
            return
        if process.was_killed:  # cancelled after it had sent its answer
            await self.discard(Ending.CANCELLED)
        elif process.has_ended:
            log.warning(
                "compute_crashed",
                exit_code=process.exit_code,
                while_idle=True,
                hint="a fresh process takes over; exit code -9 is often the kernel's: too little memory?",
            )
            await self.discard(Ending.CRASHED)
        elif self.is_exhausted:
            await self.retire()

    def _note_sign(self) -> None:
        self.last_sign_s = time.monotonic()
