"""What `--once` can add to a result: a comparison with the stored result, an explanation, a report."""

from typing import Any, Final

from worker.contract.envelope import Batch
from worker.contract.result import Document
from worker.queue.stored_job import StoredJob
from worker.replay.comparison import show_comparison
from worker.replay.differences import compare
from worker.replay.explanation import explain, show_explanation
from worker.replay.files import UnreadableFile, UnwritableFile, check_writable, make_folder
from worker.replay.report.comparison_page import Compared, write_comparison
from worker.replay.report.page import write_report
from worker.replay.report.view import ReportView, make_view
from worker.replay.request import BadUsage, Request
from worker.replay.result_document import checked_result
from worker.replay.session import Session
from worker.replay.sweep import path_of
from worker.replay.terminal import Terminal

FEWEST_COMPARED: Final = 2


class Inspection:
    """Compares, explains and reports fits of one batch, if the command line asks for it.

    Attributes:
        unwritable: why a report could not be written; the result is still printed, and the error raised afterwards.
    """

    def __init__(self, terminal: Terminal, explained: str | None, stored: StoredJob | None) -> None:
        """Take the terminal, the submissionId of the comment to explain, and the job to compare with."""
        self.unwritable: UnwritableFile | None = None
        self._terminal = terminal
        self._explained = explained
        self._stored = stored

    def check(self, batch: Batch) -> None:
        """Check that the batch holds the comment to explain.

        Raises:
            BadUsage: it does not.
        """
        if self._explained is not None and self._explained not in batch.submission_ids:
            raise BadUsage(f"--explain {self._explained}: no item of the batch has this submissionId")

    def compare(self, document: Document) -> tuple[str, ...]:
        """Print how a result differs from the one stored in Redis, and return the lines for the report."""
        if self._stored is None:
            return ()
        if self._stored.result is None:
            self._terminal.say("no stored result to compare with")
            return ()
        try:
            stored = checked_result(self._stored.result, f"the stored result of job {self._stored.job_id}")
        except UnreadableFile as error:
            self._terminal.warn(str(error))
            return ()
        comparison = compare(stored, document)
        show_comparison(self._terminal, comparison, "stored", "here")
        return tuple(comparison.lines("stored", "here"))

    def explain(self, session: Session) -> None:
        """Print the explanation of the comment that `--explain` names, if it was given."""
        if self._explained is not None:
            show_explanation(self._terminal, explain(session, self._explained))

    def report(self, path: str, session: Session) -> ReportView:
        """Write a report, or note in `unwritable` why that failed; give what it shows."""
        view = make_view(session)
        try:
            write_report(path, view)
            self._terminal.say(f"report: {path}")
        except UnwritableFile as error:
            self.unwritable = error
        return view

    def report_sweep(self, path: str, param: str, compared: list[Compared]) -> None:
        """Write the page that compares the reports of a sweep, if there are two."""
        if len(compared) < FEWEST_COMPARED:
            return
        try:
            write_comparison(path, param, compared)
            self._terminal.say(f"comparison: {path}")
        except UnwritableFile as error:
            self.unwritable = error


def check_paths(request: Request, sweep: tuple[str, list[Any]] | None) -> None:
    """Check that what is to be written can be, and make the folder of BERTopic's object.

    Raises:
        UnwritableFile: a file cannot be written.
    """
    reports = _report_paths(request.report, sweep)
    for path in (*reports, *(() if request.save_job is None else (request.save_job,))):
        check_writable(path)
    if request.save_bertopic is not None:
        make_folder(request.save_bertopic)


def _report_paths(path: str | None, sweep: tuple[str, list[Any]] | None) -> list[str]:
    """Give the path of each report; a sweep writes one for each value, and one that compares them."""
    if path is None:
        return []
    swept = [path_of(path, sweep[0], value) for value in sweep[1]] if sweep else []
    return [*swept, path]
