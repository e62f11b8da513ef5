"""One compute process as its parent sees it: start it, talk to it, end it."""

import asyncio
import contextlib
import multiprocessing
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path

import structlog

from worker.compute.child import serve
from worker.compute.config import ComputeConfig
from worker.compute.messages import (
    Done,
    Failed,
    FromCompute,
    Ping,
    Ready,
    Report,
    RunTask,
    SetupFailed,
    Stop,
    Vitals,
)
from worker.compute.transfer import write_parts
from worker.errors import ComputeCrashed, ComputeTimedOut, EngineFailed, ModelUnavailable
from worker.lifecycle.events import OnEvent
from worker.topics.fit import StageStarted

# Imports, the model's weights from a slow disk or the hub, CUDA's start.
START_TIMEOUT_S = 600.0
# A process that was told to end and has not is killed.
END_TIMEOUT_S = 5.0
# An idle process that was asked and has not answered is replaced.
ANSWER_TIMEOUT_S = 10.0
# The stage of a task that has not reported one of its own yet.
FIRST_STAGE = "validate"

log = structlog.get_logger()


@dataclass(frozen=True)
class _Ended:
    """The process ended with this exit code; None if it only closed its pipe."""

    exit_code: int | None


class ComputeProcess:
    """One compute process, and the messages that it sends, in order, the last of them `_Ended`.

    Attributes:
        n_tasks: that it was given.
        has_ended: it is gone.
        was_killed: we killed it; it may not be gone yet.
    """

    def __init__(self, config: ComputeConfig, on_sign: Callable[[], None]) -> None:
        """Start the process; `on_sign` is called at each message, on the event loop."""
        self.n_tasks = 0
        self.has_ended = self.was_killed = False
        self._on_sign = on_sign
        # A forked process could not use CUDA. Start it from this, the main thread: the kernel kills
        # the process when the thread that started it ends.
        context = multiprocessing.get_context("spawn")
        self._pipe, child_end = context.Pipe(duplex=True)
        self._process: SpawnProcess = context.Process(
            target=serve, args=(child_end, config), name="compute", daemon=True
        )
        self._process.start()
        child_end.close()
        self._messages: asyncio.Queue[FromCompute | _Ended] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._listen, args=(self._pipe, loop), name="compute-pipe", daemon=True).start()

    @property
    def pid(self) -> int | None:
        """The process's id, None once it has ended."""
        return None if self.has_ended else self._process.pid

    @property
    def exit_code(self) -> int | None:
        """As `multiprocessing.Process.exitcode`: None while it runs, negative for a signal."""
        return self._process.exitcode

    @property
    def resident_bytes(self) -> int:
        """The memory in use, 0 if the process has ended or the system does not say."""
        try:
            pages = int(Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()[1])
        except (OSError, IndexError, ValueError):
            return 0
        return pages * os.sysconf("SC_PAGE_SIZE")

    async def set_up(self) -> Ready:
        """Wait until the process is warm.

        Raises:
            ComputeTimedOut: it is not, after a long time.
            ModelUnavailable: the encoder or the device cannot be used.
            EngineFailed: setting up raised.
            ComputeCrashed: the process ended.
        """
        try:
            message = await asyncio.wait_for(self._next(), START_TIMEOUT_S)
        except TimeoutError:
            raise ComputeTimedOut(int(START_TIMEOUT_S * 1000), "start") from None
        if isinstance(message, Ready):
            return message
        if isinstance(message, SetupFailed):
            if message.permanent:
                raise ModelUnavailable(message.message)
            raise EngineFailed(message.message, "start", poisoned=True)
        raise ComputeCrashed(message.exit_code if isinstance(message, _Ended) else None, "start")

    async def ping(self) -> Vitals | None:
        """Ask an idle process how it is; None if it does not answer."""
        with contextlib.suppress(OSError, TimeoutError):
            self._pipe.send(Ping())
            message = await asyncio.wait_for(self._next(), ANSWER_TIMEOUT_S)
            return message if isinstance(message, Vitals) else None
        return None

    async def run(self, parts: Sequence[memoryview], timeout_s: float, on_stage: OnEvent) -> object:
        """Have a packed task run, and give what its function returned.

        Raises:
            ComputeCrashed: the process ended.
            ComputeTimedOut: the task was not done in time; the process was killed.
            EngineFailed: the task's function raised.
        """
        self.n_tasks += 1
        stage = FIRST_STAGE
        # In a thread, because it blocks until the process has read everything.
        sending = asyncio.create_task(asyncio.to_thread(self._send, parts))
        try:
            async with asyncio.timeout(timeout_s):
                while isinstance(message := await self._next(), Report):
                    if isinstance(message.event, StageStarted):
                        stage = message.event.stage
                    on_stage(message.event)
            return _outcome(message, stage)
        except BaseException as error:
            if not isinstance(error, EngineFailed):
                self.kill()  # or the thread that sends could wait for the process for ever
            if isinstance(error, TimeoutError):
                raise ComputeTimedOut(round(timeout_s * 1000), stage) from None
            raise
        finally:
            await sending

    def kill(self) -> None:
        """End the process now, whatever it does."""
        self.was_killed = True
        self._process.kill()

    async def stop(self) -> None:
        """Let an idle process end by itself, and kill it if it does not."""
        with contextlib.suppress(OSError):
            self._pipe.send(Stop())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._until_ended(), END_TIMEOUT_S)
        await self.end()

    async def end(self) -> None:
        """Kill the process and wait until it is gone."""
        self.kill()
        await self._until_ended()
        self._pipe.close()

    def _send(self, parts: Sequence[memoryview]) -> None:
        with contextlib.suppress(OSError):  # the process died; `_Ended` will say how
            self._pipe.send(RunTask(tuple(part.nbytes for part in parts)))
            write_parts(self._pipe.fileno(), parts)

    async def _next(self) -> FromCompute | _Ended:
        message = await self._messages.get()
        self._on_sign()
        return message

    async def _until_ended(self) -> None:
        while not self.has_ended:
            await self._messages.get()

    def _listen(self, pipe: Connection, loop: asyncio.AbstractEventLoop) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
            while (message := self._receive(pipe)) is not None:
                loop.call_soon_threadsafe(self._messages.put_nowait, message)
            self._process.join(END_TIMEOUT_S)
            loop.call_soon_threadsafe(self._note_end)

    def _receive(self, pipe: Connection) -> FromCompute | None:
        """Give the next message; None if the process is gone, or if a message cannot be read."""
        try:
            message: FromCompute = pipe.recv()
        except (EOFError, OSError):
            return None
        except Exception as error:  # noqa: BLE001 - unpickling raises whatever it likes, MemoryError too
            log.error(
                "compute_unreadable",
                pid=self._process.pid,
                reason=type(error).__name__,
                hint="a result that cannot be unpickled: a bug, or too little memory; the process is replaced",
            )
            self._process.kill()
            return None
        return message

    def _note_end(self) -> None:
        self.has_ended = True
        self._messages.put_nowait(_Ended(self._process.exitcode))


def _outcome(message: FromCompute | _Ended, stage: str) -> object:
    if isinstance(message, Done):
        return message.outcome
    if isinstance(message, Failed):
        raise EngineFailed(message.summary, stage, poisoned=message.poisoned)
    raise ComputeCrashed(message.exit_code if isinstance(message, _Ended) else None, stage)
