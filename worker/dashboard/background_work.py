"""An analysis of an uploaded table in a thread of its own, which a page watches: a click elsewhere does not stop it."""

import contextlib
import io
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, Protocol

import streamlit as st
from rich.console import RenderableType

from worker.cli.complaint import place_of
from worker.dashboard.markdown_escape import plain
from worker.errors import WorkerError
from worker.printable import printable
from worker.replay.terminal import Terminal
from worker.topics.fit import StageAdvanced, StageFinished, StageStarted

_LOOK_S: Final = 0.5
_MOST_LINES: Final = 200


class Upload(Protocol):
    """A file that a person has uploaded, as Streamlit gives it."""

    name: str

    def getvalue(self) -> bytes:
        """Give its bytes."""


class Board(Terminal):
    """Keeps what an analysis tells, for a page; like a terminal it is never told a comment.

    Attributes:
        lines: that were told, without the results' tables.
        warnings: the lines that are warnings.
        share: of the running step that is done, 0 to 1.
        doing: what runs now, in a few words.
        can_cancel: whether it can be cancelled.
        is_cancelled: whether a person wants its end.
    """

    def __init__(self, folder: str) -> None:
        """Take the folder of the table, whose path no person needs to read."""
        super().__init__(io.StringIO())
        self.lines: list[str] = []
        self.warnings: list[str] = []
        self.share = 0.0
        self.doing = "starting"
        self.can_cancel = self.is_cancelled = False
        self._folder = f"{folder}/"
        self._n_stages, self._n_done, self._began_s = 1, 0, time.monotonic()

    def say(self, line: str) -> None:
        """Keep one line."""
        self.lines = [*self.lines, printable(line.replace(self._folder, ""))][-_MOST_LINES:]

    def warn(self, line: str) -> None:
        """Keep one line as a warning."""
        self.warnings = [*self.warnings, printable(line.replace(self._folder, ""))]

    def show(self, renderable: RenderableType) -> None:
        """Leave tables out: the page shows the result itself."""

    @contextlib.contextmanager
    def progress(self, n_stages: int) -> Iterator[None]:
        """Count the stages that follow."""
        self._n_stages, self._n_done, self.share = max(1, n_stages), 0, 0.0
        yield
        self.share = 1.0

    def on_stage(self, event: StageStarted | StageAdvanced | StageFinished) -> None:
        """Note how far it is."""
        super().on_stage(event)
        if isinstance(event, StageStarted):
            self._began_s, self.doing = time.monotonic(), str(event.stage)
        elif isinstance(event, StageFinished):
            self._n_done += 1
        inside = event.share if isinstance(event, StageAdvanced) else 0.0
        if inside > 0:
            left_s = (time.monotonic() - self._began_s) / inside * (1 - inside)
            self.doing = f"{event.stage}, about {left_s:.0f} s left"
        self.share = min(1.0, (self._n_done + inside) / self._n_stages)


class Work:
    """Runs something on an uploaded table, whose copy on disk is gone when it ends.

    Attributes:
        board: what it tells.
        result: what it gave; None until it has ended well.
        error: why it failed; "" until it has.
    """

    def __init__(self, upload: Upload, do: Callable[[str, Board], Any]) -> None:
        """Begin.

        Args:
            upload: the table.
            do: takes the table's path and the board.
        """
        self._folder = tempfile.TemporaryDirectory(prefix="topics-")
        # Of a name that a browser sent only the last part counts.
        path = Path(self._folder.name) / Path(upload.name).name
        path.write_bytes(upload.getvalue())
        self.board = Board(self._folder.name)
        self.result: Any = None
        self.error = ""
        self._thread = threading.Thread(target=self._run, args=(str(path), do), daemon=True)
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self._thread.is_alive()

    def join(self) -> None:
        """Wait until it has ended."""
        self._thread.join()

    def _run(self, path: str, do: Callable[[str, Board], Any]) -> None:
        try:
            self.result = do(path, self.board)
        except WorkerError as error:
            self.error = printable(str(error).replace(f"{self._folder.name}/", ""))
        except Exception as error:  # noqa: BLE001 - a thread has nobody above it; what it says may hold a comment
            self.error = f"a bug: {type(error).__name__} at {place_of(error)}"
        finally:
            self._folder.cleanup()


def watch(work: Work) -> bool:
    """Show a work's progress, looking again twice a second; tell whether it has ended."""
    if work.is_running:
        st.fragment(_show_running, run_every=_LOOK_S)(work)
        return False
    for line in work.board.warnings:
        st.warning(plain(line))
    if work.error:
        st.error(plain(work.error))
    return True


def _show_running(work: Work) -> None:
    if not work.is_running:
        st.rerun()
    st.progress(work.board.share, text=plain(work.board.doing))
    if work.board.lines:
        st.caption(plain(work.board.lines[-1]))
    if work.board.can_cancel and st.button("Cancel", disabled=work.board.is_cancelled):
        work.board.is_cancelled = True
