"""Signals that ask the worker to stop, and a limit on how long stopping may take."""

import asyncio
import os
import signal

import structlog

from worker.exit_codes import ExitCode

# For handing a job back and closing, after the grace period. Kubernetes kills 30 s after the signal, and the
# default grace period is 25 s.
LEAVE_S = 3.5

log = structlog.get_logger()


class Shutdown:
    """The first signal asks to stop, the second one to stop now; either way the end comes in a bounded time.

    If Redis is unreachable, closing BullMQ blocks and cannot be cancelled, so a timer ends the process.

    Attributes:
        asked: set by the first signal.
        at_once: set by the second signal.
    """

    def __init__(self, grace_s: float) -> None:
        """Take how long a running job may go on after the first signal, in seconds."""
        self.asked = asyncio.Event()
        self.at_once = asyncio.Event()
        self._grace_s = grace_s
        self._timer: asyncio.TimerHandle | None = None

    def listen(self) -> None:
        """Stop on SIGTERM, on SIGINT, and on SIGHUP unless it is ignored, as nohup has it."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
                continue
            asyncio.get_running_loop().add_signal_handler(number, self._on_signal, number)

    def leave_by(self, limit_s: float, code: ExitCode) -> None:
        """End the process with this exit code unless it has ended by itself after `limit_s` seconds.

        If a limit is set already, the earlier one holds.
        """
        loop = asyncio.get_running_loop()
        if self._timer is not None:
            if self._timer.when() <= loop.time() + limit_s:
                return
            self._timer.cancel()
        self._timer = loop.call_later(limit_s, _leave, code)

    def has_left(self) -> None:
        """Stop the timer: everything is closed."""
        if self._timer is not None:
            self._timer.cancel()

    def _on_signal(self, number: signal.Signals) -> None:
        second = self.asked.is_set()
        (self.at_once if second else self.asked).set()
        self.leave_by(LEAVE_S + (0.0 if second else self._grace_s), ExitCode.COMPLETED)
        log.info("stop_asked", signal=number.name, at_once=second)


def _leave(code: ExitCode) -> None:
    log.warning(
        "closing_hung",
        hint="Redis is away, or slow: the process ends without closing its connections, and a job that it holds is "
        "taken by another worker when its lock ends",
    )
    os._exit(code)
