"""One line on stderr for the person who called."""

import contextlib
import sys
import traceback
from pathlib import Path

from worker.printable import printable


def complain(line: str) -> None:
    """Say what went wrong; if nobody is left to read it, the exit code still says it."""
    with contextlib.suppress(OSError):
        sys.stderr.write(f"python -m worker: {printable(line)}\n")
        sys.stderr.flush()


def place_of(error: BaseException) -> str:
    """Name the last line of the worker that an exception came through."""
    package_folder = Path(__file__).parent.parent
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(package_folder)]
    return f"worker/{Path(ours[-1].filename).relative_to(package_folder)}:{ours[-1].lineno}"
