"""Standard streams that cannot stop the worker: lines are lost, jobs are not."""

import contextlib
import io
import os
import select
import sys
import threading
from typing import Final, TextIO, cast

# A reader that has stopped reading is waited for once; what comes until it reads again is dropped at once.
WAIT_MS: Final = 200
# The kernel takes this many bytes of a pipe that is ready for writing without blocking.
CHUNK_BYTES: Final = select.PIPE_BUF


class LossyStream(io.TextIOBase):
    """Text to a file descriptor that raises nothing and never blocks for long.

    Its reader may be gone, its disk full, its pipe full: what cannot be written is dropped and
    counted. Nothing is kept in a buffer, so that Python has nothing left to flush when it ends.

    Attributes:
        lost_lines: how many lines could not be written, or not to their end.
    """

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, descriptor: int) -> None:
        """Take the descriptor; it is never closed."""
        self.lost_lines = 0
        self._descriptor = descriptor
        self._is_stuck = False
        self._is_torn = False
        self._lock = threading.Lock()
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLOUT)

    def write(self, text: str) -> int:
        """Write what can be written; give the length of the text, even if a part of it was lost."""
        data = text.encode(self.encoding, self.errors)
        with self._lock:
            if self._is_torn:
                data = b"\n" + data
            written = self._write(data)
            if written < len(data):
                self.lost_lines += max(1, data[written:].count(b"\n"))
                # The next line must not become the end of half a line.
                self._is_torn = self._is_torn if written == 0 else data[written - 1 : written] != b"\n"
            elif data:
                self._is_torn = False
        return len(text)

    def flush(self) -> None:
        """Do nothing: there is no buffer."""

    def writable(self) -> bool:
        """Say that one can write here."""
        return True

    def fileno(self) -> int:
        """Give the descriptor."""
        return self._descriptor

    def isatty(self) -> bool:
        """Tell whether a person looks at it."""
        return os.isatty(self._descriptor)

    def _write(self, data: bytes) -> int:
        """Give how many bytes were written."""
        written = 0
        try:
            while written < len(data):
                if not self._poll.poll(0 if self._is_stuck else WAIT_MS):
                    self._is_stuck = True
                    return written
                written += os.write(self._descriptor, data[written : written + CHUNK_BYTES])
                self._is_stuck = False
        except OSError:
            return written
        return written


def open_missing_streams() -> None:
    """Put /dev/null in the place of a standard stream that was closed, before a file or a pipe gets its number."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)  # the compute process wants them too
    os.close(number)
    sys.stdin = sys.stdin or open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


def make_stderr_lossy() -> TextIO:
    """Put a stream that raises nothing in the place of stderr: for logs, warnings, tracebacks and libraries alike.

    Returns:
        The new `sys.stderr`.
    """
    # A stream in memory, as tests put there, has no descriptor, and stays.
    with contextlib.suppress(io.UnsupportedOperation):
        if not isinstance(sys.stderr, LossyStream):
            sys.stderr.flush()
            sys.stderr = LossyStream(sys.stderr.fileno())
    # It has what a log needs of a TextIO, though not its type.
    return cast(TextIO, sys.stderr)


def send_stdout_to_stderr() -> None:
    """Have all that is printed go to stderr, by Python and by native code, and raise nothing there."""
    os.dup2(make_stderr_lossy().fileno(), sys.stdout.fileno())
    sys.stdout = sys.stderr


def lost_lines() -> int:
    """Count the lines of this process's stderr that were lost."""
    return sys.stderr.lost_lines if isinstance(sys.stderr, LossyStream) else 0
