"""What `--once` tells the person at the terminal, on stderr; a comment or an id only where one was asked for."""

import contextlib
import os
from collections.abc import Iterator
from typing import BinaryIO, Final, TextIO, cast

from rich import box
from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from worker.contract.envelope import Batch
from worker.contract.result import Document
from worker.printable import printable
from worker.topics.fit import Details, StageFinished, StageStarted, TopicFit

_N_KEYWORDS_SHOWN: Final = 6
# What nobody looks at through a window of a width of its own: a file, a pipe, a log.
_WIDTH_OF_A_FILE: Final = 120


class Terminal:
    """Prints progress and results; a reader who has gone away is no error.

    Args:
        stream: stderr, or anything with `write` and `flush`.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = _Patient(stream)
        self._console = Console(
            file=cast(TextIO, self._stream),
            width=None if stream.isatty() else _WIDTH_OF_A_FILE,
            highlight=False,
            markup=False,
            emoji=False,
            soft_wrap=False,
        )
        self._progress: Progress | None = None
        self._task = TaskID(0)

    def say(self, line: str) -> None:
        """Print one line, whatever an argument or a comment in it holds."""
        self._console.print(Text(printable(line)), soft_wrap=True)

    def warn(self, line: str) -> None:
        """Print one line that asks for attention."""
        self._console.print(Text(f"warning: {printable(line)}", style="yellow"), soft_wrap=True)

    def show(self, renderable: RenderableType) -> None:
        """Print a table or whatever else rich can print."""
        self._console.print(renderable)

    @contextlib.contextmanager
    def progress(self, n_stages: int) -> Iterator[None]:
        """Show a bar while stages run; only on a terminal.

        Args:
            n_stages: how many will run until the end.
        """
        if not self._console.is_terminal:
            yield
            return
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        # What is printed goes through this console, or to a stdout that is not ours to touch.
        with Progress(
            *columns, console=self._console, transient=True, redirect_stdout=False, redirect_stderr=False
        ) as progress:
            self._progress = progress
            self._task = progress.add_task("starting", total=n_stages)
            try:
                yield
            finally:
                self._progress = None

    def on_stage(self, event: StageStarted | StageFinished) -> None:
        """Print one line per finished stage, and name the one that runs beside the bar."""
        if isinstance(event, StageFinished):
            shown = details_line(event.details)
            self.say(f"  {event.stage:<11}{event.duration_s:8.2f} s  {shown}".rstrip())
            if self._progress is not None:
                self._progress.advance(self._task)
                self._progress.update(self._task, description="finishing")
        elif self._progress is not None:
            self._progress.update(self._task, description=str(event.stage))

    def show_fit(self, batch: Batch, fit: TopicFit, document: Document) -> None:
        """Print the parameters in force, the topics, the metrics and the outliers."""
        self.say(f"parameters: {details_line(fit.parameters)}")
        self.say(f"keywords ranked with: {fit.encoder}")
        table = new_table("topic", "documents", "share", "keywords", numbers=3)
        n_items = len(batch.submission_ids)
        for index, topic in enumerate(fit.topics):
            keywords = ", ".join(topic.keywords[:_N_KEYWORDS_SHOWN])
            table.add_row(str(index), str(topic.size), f"{topic.size / n_items:.1%}", Text(keywords))
        self.show(table)
        self.say("metrics: " + details_line(cast(Details, document["metrics"])))
        self.say(f"outliers: {document['outlierCount']} of {n_items} items")


class _Patient:
    """A stream whose reader may go away: what is then written goes nowhere, and nothing is raised."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.encoding = getattr(stream, "encoding", "utf-8")

    def write(self, text: str) -> int:
        with self._muting():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with self._muting():
            self._stream.flush()

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    @contextlib.contextmanager
    def _muting(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            mute(self._stream)


def new_table(*headers: str, numbers: int = 0, title: str | None = None) -> Table:
    """Make a table in this program's style; the first `numbers` columns are right-aligned."""
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False, show_edge=False)
    for position, header in enumerate(headers):
        table.add_column(header, justify="right" if position < numbers else "left", overflow="fold")
    return table


def mute(stream: TextIO | BinaryIO) -> None:
    """Send what is still to come on a broken stream to nowhere.

    Python flushes stdout and stderr once more as it ends; over a closed pipe that would
    print a traceback and turn the exit code into 120.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def details_line(details: Details) -> str:
    """List named values on one line."""
    return ", ".join(f"{name}={_number(value)}" for name, value in details.items())


def _number(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
