"""What is asked of a fit beyond its result: how it differs from a stored one, why, and a report."""

from worker.contract.envelope import Batch
from worker.contract.result import Document
from worker.queue.stored_job import StoredJob
from worker.replay.comparison import checked_result, compare, show_comparison
from worker.replay.explanation import explain, show_explanation
from worker.replay.files import UnreadableFile, UnwritableFile
from worker.replay.report.page import write_report
from worker.replay.report.view import make_view
from worker.replay.request import BadUsage
from worker.replay.session import Session
from worker.replay.terminal import Terminal


class Inspection:
    """Compares, explains and reports fits of one batch, as far as was asked for.

    Attributes:
        unwritable: the report that could not be written: a full disk costs no result.
    """

    def __init__(self, terminal: Terminal, explained: str | None, stored: StoredJob | None) -> None:
        """Take whom to tell, the submissionId to explain, and the job to compare with."""
        self.unwritable: UnwritableFile | None = None
        self._terminal = terminal
        self._explained = explained
        self._stored = stored

    def check(self, batch: Batch) -> None:
        """See whether the batch has what is to be explained.

        Raises:
            BadUsage: it has not.
        """
        if self._explained is not None and self._explained not in batch.submission_ids:
            raise BadUsage(f"--explain {self._explained}: no item of the batch has this submissionId")

    def compare(self, document: Document) -> tuple[str, ...]:
        """Say how a result differs from the one that Redis holds, and give the lines of it."""
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
        """Explain the comment that was asked for, if any."""
        if self._explained is not None:
            show_explanation(self._terminal, explain(session, self._explained))

    def report(self, path: str, session: Session) -> None:
        """Write a report; see `unwritable`."""
        try:
            write_report(path, make_view(session))
            self._terminal.say(f"report: {path}")
        except UnwritableFile as error:
            self.unwritable = error
