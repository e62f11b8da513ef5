"""What the signals asked for, and the bound on how long leaving may take."""

import asyncio
import os
import signal

import structlog

from worker.exit_codes import ExitCode

# For handing a job back and closing, after the grace period: Kubernetes kills 30 s after the
# signal, and the default grace period is 25 s.
LEAVE_S = 3.5

log = structlog.get_logger()


class Shutdown:
    """The first signal asks to stop, the second one to stop now; either way the leaving has an end.

    With Redis away what closes BullMQ's connections hangs and cannot be cancelled, and neither can
    what waits for it. So a timer ends the process where the orderly way takes too long.
    """

    def __init__(self, grace_s: float) -> None:
        """Take how long a running job may go on after the first signal, in seconds."""
        self.asked = asyncio.Event()
        self.at_once = asyncio.Event()
        self._grace_s = grace_s
        self._timer: asyncio.TimerHandle | None = None

    def listen(self) -> None:
        """Hear SIGTERM and SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._on_signal, number)

    def leave_by(self, limit_s: float, code: ExitCode) -> None:
        """End the process with this exit code unless it has ended by itself in so many seconds.

        Where that was said before, the earlier end stands.
        """
        loop = asyncio.get_running_loop()
        if self._timer is not None:
            if self._timer.when() <= loop.time() + limit_s:
                return
            self._timer.cancel()
        self._timer = loop.call_later(limit_s, _leave, code)

    def has_left(self) -> None:
        """Call the timer off: everything is closed."""
        if self._timer is not None:
            self._timer.cancel()

    def _on_signal(self, number: signal.Signals) -> None:
        second = self.asked.is_set()
        (self.at_once if second else self.asked).set()
        self.leave_by(LEAVE_S + (0.0 if second else self._grace_s), ExitCode.COMPLETED)
        log.info("stop_asked", signal=number.name, at_once=second)


def _leave(code: ExitCode) -> None:
    log.warning("closing_hung", hint="Redis is away? Leaving without closing; the lock of a job in hand will lapse")
    os._exit(code)
