"""One line on stderr for the person who called."""

import contextlib
import sys

from worker.printable import printable


def complain(line: str) -> None:
    """Say what went wrong; if nobody is left to read it, the exit code still says it."""
    with contextlib.suppress(OSError):
        sys.stderr.write(f"python -m worker: {printable(line)}\n")
        sys.stderr.flush()
