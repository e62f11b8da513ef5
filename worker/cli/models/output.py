"""How the commands answer: tables for people, JSON for scripts."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from worker.printable import printable
from worker.replay.terminal import Terminal, new_table, silence


class Output:
    """Prints one command's answer on stdout, and warnings on stderr.

    Args:
        as_json: print one JSON document and nothing else on stdout.
    """

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._terminal = Terminal(sys.stdout)
        self._errors = Terminal(sys.stderr)

    def warn(self, line: str) -> None:
        """Print a warning on stderr, with --json too."""
        self._errors.warn(line)

    def say(self, line: str) -> None:
        """Print a line for people."""
        if not self._as_json:
            self._terminal.say(line)

    def show(self, renderable: RenderableType) -> None:
        """Print a table for people."""
        if not self._as_json:
            self._terminal.show(renderable)

    def table(self, headers: Sequence[str], rows: Sequence[Sequence[object]], *, numbers: int = 0) -> None:
        """Print a table for people; its first columns hold numbers. Nothing if it has no rows."""
        table = new_table(*headers, numbers=numbers)
        for row in rows:
            table.add_row(*(Text(printable("-" if cell is None else str(cell))) for cell in row))
        if rows:
            self.show(table)

    def give(self, document: Mapping[str, Any] | Sequence[Any]) -> None:
        """Print the answer for scripts."""
        if not self._as_json:
            return
        # As bytes: the encoding of stdout follows the locale.
        text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2)
        try:
            sys.stdout.buffer.write(text.encode("utf-8") + b"\n")
            sys.stdout.buffer.flush()
        except OSError:  # the reader is gone, or the disk is full
            silence(sys.stdout)


def time_text(at: str) -> str:
    """Write a time of the store for people, to the second, in UTC."""
    return at[:19].replace("T", " ")


def size_text(n_bytes: int) -> str:
    """Write a size for people."""
    if n_bytes < 1000:
        return f"{n_bytes} B"
    return f"{n_bytes / 1e3:.1f} kB" if n_bytes < 1e6 else f"{n_bytes / 1e6:.1f} MB"


def count(n: int, noun: str) -> str:
    """Write a number with its noun, whose plural takes an s."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"
