"""What `--once` prints on stderr; it prints comments and ids only if a flag asks for them."""

import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, Final, TextIO, cast

from rich import box
from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from worker.contract.envelope import Batch
from worker.contract.result import Document
from worker.printable import printable
from worker.replay.continuity import continuity_lines
from worker.replay.stability import stability_lines
from worker.replay.topic_remarks import aspect_text, doubt_lines
from worker.topics.fit import Details, StageAdvanced, StageFinished, StageStarted, TopicFit

_N_KEYWORDS_SHOWN: Final = 6
# Columns, if stderr is a file or a pipe and so has no width.
_WIDTH_OF_A_FILE: Final = 120


class Terminal:
    """Prints progress and results; it is not an error if the stream's reader has gone away.

    Args:
        stream: stderr, or another text stream.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = _ForgivingStream(stream)
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
        self._n_finished = 0
        self._stage_began_s = time.monotonic()

    def say(self, line: str) -> None:
        """Print one line; line breaks and control characters in it are replaced."""
        self._console.print(Text(printable(line)), soft_wrap=True)

    def warn(self, line: str) -> None:
        """Print one line as a warning, in yellow on a terminal."""
        self._console.print(Text(f"warning: {printable(line)}", style="yellow"), soft_wrap=True)

    def show(self, renderable: RenderableType) -> None:
        """Print a table, or anything else that rich can print."""
        self._console.print(renderable)

    @contextlib.contextmanager
    def progress(self, n_stages: int) -> Iterator[None]:
        """Show a progress bar while stages run, if stderr is a terminal.

        Args:
            n_stages: how many will run until the end.
        """
        if not self._console.is_terminal:
            yield
            return
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
        )
        # Rich must not redirect stdout: it carries the result document.
        with Progress(
            *columns, console=self._console, transient=True, redirect_stdout=False, redirect_stderr=False
        ) as progress:
            self._progress = progress
            self._n_finished = 0
            self._task = progress.add_task("starting", total=n_stages, left="")
            try:
                yield
            finally:
                self._progress = None

    def on_stage(self, event: StageStarted | StageAdvanced | StageFinished) -> None:
        """Print one line for a finished stage; name a started one beside the progress bar, and the time it has left."""
        if isinstance(event, StageAdvanced):
            self._on_advance(event)
        elif isinstance(event, StageFinished):
            details = details_line(event.details)
            self.say(f"  {event.stage:<11}{event.duration_s:8.2f} s  {details}".rstrip())
            self._n_finished += 1
            if self._progress is not None:
                self._progress.update(self._task, completed=self._n_finished, description="finishing", left="")
        else:
            self._stage_began_s = time.monotonic()
            if self._progress is not None:
                self._progress.update(self._task, description=str(event.stage))

    def _on_advance(self, event: StageAdvanced) -> None:
        """Move the bar within a stage, and estimate what it has left by what it took so far."""
        if self._progress is None or event.share <= 0:
            return
        left_s = (time.monotonic() - self._stage_began_s) / event.share * (1 - event.share)
        left = f"{event.share:.0%}, about {left_s:.0f} s left"
        self._progress.update(self._task, completed=self._n_finished + event.share, left=left)

    def show_fit(self, batch: Batch, fit: TopicFit, document: Document) -> None:
        """Print the parameters used, the topics, the metrics and the number of outliers."""
        self.say(f"parameters: {details_line(fit.parameters)}")
        self.say(f"keywords ranked with: {fit.encoder}")
        stable = () if fit.stability is None else fit.stability.topics
        matches = () if fit.guidance is None else fit.guidance.matches
        labels = labels_of(document)
        columns = (*(["stability"] if stable else []), *(["label"] if labels else []), *(["aspect"] if matches else []))
        table = new_table("topic", "documents", "share", *columns, "keywords", numbers=3)
        n_items = len(batch.submission_ids)
        for index, topic in enumerate(fit.topics):
            keywords = ", ".join(topic.keywords[:_N_KEYWORDS_SHOWN])
            number = index if fit.continuity is None else fit.continuity.numbers[index]
            own = [f"{stable[index]:.2f}"] if stable else []
            named = [Text(labels[index])] if labels else []
            named += [Text(aspect_text(matches[index]))] if matches else []
            table.add_row(str(number), str(topic.size), f"{topic.size / n_items:.1%}", *own, *named, Text(keywords))
        self.show(table)
        for line in (*doubt_lines(fit), *continuity_lines(document), *stability_lines(fit)):
            self.say(line)
        self.say("metrics: " + details_line(cast(Details, document["metrics"])))
        self.say(f"outliers: {document['outlierCount']} of {n_items} items")


def labels_of(document: Mapping[str, Any]) -> list[str]:
    """Give the label of each topic of a result; none if it has none."""
    return [str(topic["label"]) for topic in document["topics"] if "label" in topic]


class _ForgivingStream:
    """A text stream that raises nothing if its reader has gone away; it then discards what is written."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.encoding = getattr(stream, "encoding", "utf-8")

    def write(self, text: str) -> int:
        with self._forgiving():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with self._forgiving():
            self._stream.flush()

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    @contextlib.contextmanager
    def _forgiving(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            silence(self._stream)


def new_table(*headers: str, numbers: int = 0, title: str | None = None) -> Table:
    """Make a table in this program's style, with its first `numbers` columns aligned to the right."""
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False, show_edge=False)
    for position, header in enumerate(headers):
        table.add_column(header, justify="right" if position < numbers else "left", overflow="fold")
    return table


def silence(stream: TextIO | BinaryIO) -> None:
    """Discard everything that will still be written to a stream whose reader has gone away.

    Python flushes stdout and stderr once more as it exits. On a closed pipe this flush would
    print a traceback and change the exit code to 120.
    """
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, stream.fileno())
    os.close(devnull)


def details_line(details: Details) -> str:
    """Write named values on one line."""
    return ", ".join(f"{name}={_number(value)}" for name, value in details.items())


def _number(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
