"""The parent half of the compute process: start, run, deadline, cancel, kill, and a fresh one after."""

import asyncio
import contextlib
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path

import structlog

from worker.compute import child as compute_child
from worker.compute.config import ComputeConfig
from worker.compute.messages import (
    Failed,
    Fitted,
    FromCompute,
    Ping,
    Ready,
    RunBatch,
    SetupFailed,
    StageReport,
    Stop,
    Vitals,
)
from worker.contract.envelope import Batch
from worker.errors import (
    ComputeCancelled,
    ComputeCrashed,
    ComputeError,
    ComputeTimedOut,
    EngineFailed,
    ModelUnavailable,
)
from worker.topics.fit import NoTopics, OnStage, Stage, StageStarted, TopicFit, TopicParams

# Imports, the model's weights from a slow disk or the hub, CUDA's start.
START_TIMEOUT_S = 600.0
# A process that was told to end and does not is killed.
END_TIMEOUT_S = 5.0
# An idle process that is asked and says nothing is replaced.
ANSWER_TIMEOUT_S = 10.0

log = structlog.get_logger()


@dataclass(frozen=True)
class _Gone:
    """The process ended, with this exit code; None where it only closed its pipe."""

    exit_code: int | None


class ComputeState(StrEnum):
    """Where the compute process is."""

    GONE = "gone"
    STARTING = "starting"
    IDLE = "idle"
    BUSY = "busy"


class Ending(StrEnum):
    """Why a compute process made way for a fresh one."""

    CRASHED = "crashed"
    SILENT = "silent"
    POISONED = "poisoned"  # CUDA or memory: it must not be used again
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    RETIRED = "retired"  # after COMPUTE_MAX_JOBS


class _Child:
    """One compute process and what it says, in order, ending with `_Gone`."""

    def __init__(self, config: ComputeConfig) -> None:
        # Forked, it could not use CUDA. Started from this, the main thread: the kernel kills the
        # child when the thread that started it ends.
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe(duplex=True)
        self.process: SpawnProcess = context.Process(
            target=compute_child.serve, args=(theirs, config), name="compute", daemon=True
        )
        self.process.start()
        theirs.close()
        self.said: asyncio.Queue[FromCompute | _Gone] = asyncio.Queue()
        self.n_batches = 0
        self.is_gone = False
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._listen, args=(self._pipe, loop), name="compute-pipe", daemon=True).start()

    def _listen(self, pipe: Connection, loop: asyncio.AbstractEventLoop) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
            while (said := self._receive(pipe)) is not None:
                loop.call_soon_threadsafe(self.said.put_nowait, said)
            self.process.join(END_TIMEOUT_S)
            loop.call_soon_threadsafe(self._note_end)

    def _receive(self, pipe: Connection) -> FromCompute | None:
        """Give the next message; None where the process is gone, or what it says cannot be read."""
        try:
            message: FromCompute = pipe.recv()
        except (EOFError, OSError):
            return None
        except Exception as error:  # noqa: BLE001 - unpickling raises whatever it likes, MemoryError too
            log.error("compute_unreadable", pid=self.process.pid, reason=type(error).__name__)
            self.kill()
            return None
        return message

    def _note_end(self) -> None:
        self.is_gone = True
        self.said.put_nowait(_Gone(self.process.exitcode))

    async def ping(self) -> Vitals | None:
        """Ask an idle one how it is; None where it does not say."""
        with contextlib.suppress(OSError, TimeoutError):
            self._pipe.send(Ping())
            said = await asyncio.wait_for(self.said.get(), ANSWER_TIMEOUT_S)
            return said if isinstance(said, Vitals) else None
        return None

    def send(self, message: RunBatch, batch: Batch) -> None:
        """Hand a batch over; blocks until it has crossed, so call it in a thread."""
        with contextlib.suppress(OSError):  # it died; `_Gone` will say how
            self._pipe.send(message)
            self._pipe.send_bytes(batch.embeddings.data.cast("B"))

    def kill(self) -> None:
        """End it now, whatever it does."""
        self.process.kill()

    async def stop(self) -> None:
        """Let an idle one end by itself, and kill it where it does not."""
        with contextlib.suppress(OSError):
            self._pipe.send(Stop())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._until_gone(), END_TIMEOUT_S)
        await self.end()

    async def end(self) -> None:
        """Kill it and wait until it is gone."""
        self.kill()
        await self._until_gone()
        self._pipe.close()

    async def _until_gone(self) -> None:
        while not self.is_gone:
            await self.said.get()


class Compute:
    """One compute process, kept warm; a fresh one after it crashed, was killed or was poisoned."""

    def __init__(self, config: ComputeConfig, on_ready: Callable[[Ready], None] = lambda _: None) -> None:
        """Take how to set the process up, and whom to tell of each that is warm; nothing is started yet."""
        self._config = config
        self._on_ready = on_ready
        self._child: _Child | None = None
        self._ready: Ready | None = None
        self._turn = asyncio.Lock()
        self._cancelled: str | None = None
        self._running: str | None = None
        self._is_checking = False
        self._doomed: dict[str, str] = {}
        self._last_sign_s = time.monotonic()
        self._ending: Ending | None = None
        self.restarts = dict.fromkeys(Ending, 0)
        self.vitals: Vitals | None = None
        self.batch_started_at = 0.0  # Unix time, 0 while no batch runs
        # Set where a process could not be set up, and the next one would fail the same way.
        self.unusable = asyncio.Event()
        self.unusable_because: ModelUnavailable | None = None

    @property
    def pid(self) -> int | None:
        """The process's id, None where none is running."""
        child = self._child
        return child.process.pid if child and not child.is_gone else None

    @property
    def resident_bytes(self) -> int:
        """The process's memory in use, 0 where none is running or the system does not say."""
        try:
            pages = int(Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()[1])
        except (OSError, IndexError, ValueError):
            return 0
        return pages * os.sysconf("SC_PAGE_SIZE")

    @property
    def state(self) -> ComputeState:
        """Where the process is; `gone` where the next batch would have to wait for a fresh one."""
        child = self._child  # once: the probes ask from a thread of theirs
        if child is None or child.is_gone:
            return ComputeState.GONE
        if self._ready is None:
            return ComputeState.STARTING
        return ComputeState.IDLE if self._running is None else ComputeState.BUSY

    @property
    def silent_s(self) -> float:
        """How long ago the process said anything, in seconds."""
        return time.monotonic() - self._last_sign_s

    async def start(self) -> Ready:
        """Start the process and wait until it is warm.

        Raises:
            ModelUnavailable: the encoder or the device that was named cannot be had.
            ComputeCrashed: it ended while it was set up.
            EngineFailed: setting up raised.
        """
        async with self._turn:
            return await self._warm()

    async def check(self) -> None:
        """See to it that an idle process is there, warm, and answers; waits while a batch runs.

        Raises:
            ComputeError: a fresh one could not be set up; see `start`.
        """
        async with self._turn:
            self._is_checking = True
            try:
                await self._warm()
                assert self._child is not None  # noqa: S101 - _warm has just seen to it
                self.vitals = await self._child.ping()
            finally:
                self._is_checking = False
            if self.vitals is None:
                log.warning("compute_silent", pid=self.pid, waited_s=ANSWER_TIMEOUT_S)
                await self._discard(Ending.SILENT)
            else:
                self._last_sign_s = time.monotonic()

    async def run(
        self, batch: Batch, *, timeout_s: float, on_stage: OnStage, key: str = "", diagnose: bool = False
    ) -> TopicFit | NoTopics:
        """Run a batch in the process; batches wait for their turn.

        Args:
            batch: its kept items go over.
            timeout_s: from the moment a warm process has the batch.
            on_stage: called on the event loop.
            key: what `cancel` may name the batch by.
            diagnose: whether the fit comes with what explains it.

        Raises:
            ComputeCrashed: the process ended by itself.
            ComputeTimedOut: it was not done in time, and was killed.
            ComputeCancelled: `cancel` was called.
            EngineFailed: the engine raised.
            ModelUnavailable: a fresh process could not be set up.
        """
        (outcome,) = await self._in_turn(batch, (batch.params,), timeout_s, on_stage, key, diagnose=diagnose)
        return outcome

    async def sweep(
        self,
        batch: Batch,
        variants: Sequence[TopicParams],
        *,
        timeout_s: float,
        on_stage: OnStage,
        diagnose: bool = False,
    ) -> tuple[TopicFit | NoTopics, ...]:
        """Run a batch with several parameters, its neighbours searched once; raises as `run` does.

        Args:
            batch: its own parameters are not looked at.
            variants: one fit for each.
            timeout_s: for all of them together.
            on_stage: called on the event loop, for each fit.
            diagnose: whether each fit comes with what explains it.
        """
        return await self._in_turn(batch, tuple(variants), timeout_s, on_stage, "", diagnose=diagnose)

    async def _in_turn(
        self,
        batch: Batch,
        variants: tuple[TopicParams, ...],
        timeout_s: float,
        on_stage: OnStage,
        key: str,
        *,
        diagnose: bool,
    ) -> tuple[TopicFit | NoTopics, ...]:
        async with self._turn:
            self._running, self._cancelled = key, self._doomed.pop(key, None)
            try:
                await self._warm()
                outcomes = await self._run(batch, variants, timeout_s, on_stage, diagnose=diagnose)
            except BaseException as error:
                # Whatever went wrong, the process may still be at work on this batch.
                if not isinstance(error, EngineFailed) or error.poisoned:
                    await self._discard(self._ending_by(error))
                reason = self._reason()
                if reason is not None and isinstance(error, ComputeCrashed):
                    raise ComputeCancelled(reason) from None
                raise
            finally:
                self._running = self._cancelled = None
            if self._config.max_jobs and self._child and self._child.n_batches >= self._config.max_jobs:
                await self._retire()
            return outcomes

    def cancel(self, reason: str, key: str | None = None) -> None:
        """Kill what is running, so that `run` raises `ComputeCancelled`; nothing where nothing runs.

        Args:
            reason: comes back in the exception.
            key: only the batch of this name, at once or when its turn comes; None for whichever runs.
        """
        if key is not None and key != self._running:
            self._doomed[key] = reason
        elif self._running is not None and self._cancelled is None:
            self._cancelled = reason
            if self._child is not None:
                self._child.kill()
        elif self._is_checking and self._child is not None:
            # A batch may wait behind a start of many seconds; it has its turn at once, and is cancelled then.
            self._child.kill()

    def forget(self, key: str) -> None:
        """Take back what `cancel` said of a batch that has not had its turn, and will not come."""
        self._doomed.pop(key, None)

    async def close(self) -> None:
        """End the process; a batch that runs is cancelled."""
        self.cancel("closing")
        async with self._turn:
            await self._retire()

    def _ending_by(self, error: BaseException) -> Ending:
        if self._cancelled is not None or not isinstance(error, ComputeError):
            return Ending.CANCELLED
        if isinstance(error, ComputeTimedOut):
            return Ending.TIMED_OUT
        return Ending.POISONED if isinstance(error, EngineFailed) else Ending.CRASHED

    def _reason(self) -> str | None:
        return self._cancelled

    async def _warm(self) -> Ready:
        if self._child is not None and self._child.is_gone:
            log.warning("compute_crashed", exit_code=self._child.process.exitcode, while_idle=True)
            await self._discard(Ending.CRASHED)
        if self._child is None:
            if self._ending is not None:
                self.restarts[self._ending] += 1
            self._child, self._ready = _Child(self._config), None
            self._last_sign_s = time.monotonic()
        if self._ready is None:
            try:
                self._ready = await self._set_up(self._child)
            except BaseException as error:
                await self._discard(self._ending_by(error))
                if isinstance(error, ModelUnavailable):
                    self.unusable_because = error
                    self.unusable.set()
                raise
            self._on_ready(self._ready)
        return self._ready

    async def _set_up(self, child: _Child) -> Ready:
        try:
            message = await asyncio.wait_for(child.said.get(), START_TIMEOUT_S)
        except TimeoutError:
            raise ComputeTimedOut(int(START_TIMEOUT_S * 1000), "start") from None
        if isinstance(message, Ready):
            self._last_sign_s = time.monotonic()
            return message
        if isinstance(message, SetupFailed):
            if message.permanent:
                raise ModelUnavailable(message.message)
            raise EngineFailed(message.message, "start", poisoned=True)
        raise ComputeCrashed(message.exit_code if isinstance(message, _Gone) else None, "start")

    async def _run(
        self, batch: Batch, variants: tuple[TopicParams, ...], timeout_s: float, on_stage: OnStage, *, diagnose: bool
    ) -> tuple[TopicFit | NoTopics, ...]:
        child = self._child
        assert child is not None  # noqa: S101 - _warm has just made it
        if self._cancelled is not None:
            raise ComputeCancelled(self._cancelled)
        child.n_batches += 1
        self.batch_started_at = time.time()
        rows, columns = batch.embeddings.shape
        message = RunBatch(batch.texts, (rows, columns), variants, diagnose)
        stage = Stage.VALIDATE
        sending = asyncio.create_task(asyncio.to_thread(child.send, message, batch))
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    said = await child.said.get()
                    self._last_sign_s = time.monotonic()
                    if isinstance(said, StageReport):
                        if isinstance(said.event, StageStarted):
                            stage = said.event.stage
                        on_stage(said.event)
                    else:
                        return _outcomes(said, stage)
        except BaseException as error:
            if not isinstance(error, EngineFailed):
                child.kill()  # or the thread that sends could wait for it for ever
            if isinstance(error, TimeoutError):
                raise ComputeTimedOut(round(timeout_s * 1000), stage) from None
            raise
        finally:
            self.batch_started_at = 0.0
            await sending

    async def _retire(self) -> None:
        child, self._child, self._ready = self._child, None, None
        if child is not None:
            self._ending = Ending.RETIRED
            await child.stop()

    async def _discard(self, ending: Ending) -> None:
        child, self._child, self._ready = self._child, None, None
        if child is not None:
            self._ending = ending
            # It is not silent, it is gone: whoever asks counts from here until a fresh one is there.
            self._last_sign_s = time.monotonic()
            await child.end()


def _outcomes(said: FromCompute | _Gone, stage: Stage) -> tuple[TopicFit | NoTopics, ...]:
    if isinstance(said, Fitted):
        return said.outcomes
    if isinstance(said, Failed):
        raise EngineFailed(said.summary, stage, poisoned=said.poisoned)
    raise ComputeCrashed(said.exit_code if isinstance(said, _Gone) else None, stage)
