"""What the command line asks `--once` to do, and which flags exclude each other."""

import os
from dataclasses import dataclass, field
from typing import Final

from worker.errors import WorkerError
from worker.replay.files import STDIN

# One rerun alone would tell of the comments that it happens to leave out.
FEWEST_RERUNS: Final = 2
RERUNS_OF_REPORT: Final = 3
# Trying other parameters takes no longer than so many fits.
FITS_OF_LEVERS: Final = 10


class BadUsage(WorkerError):
    """Flags exclude each other, or a flag has an invalid value; the message is one line that says what to do."""


@dataclass(frozen=True)
class Request:
    """What `--once` is asked to do.

    Attributes:
        source: the path of a batch file, `-` for stdin; None if the batch comes from a job.
        job_id: the id of a job in Redis; None if the batch comes from a file.
        report: the path of the HTML report to write.
        explain: the submissionId of the comment to explain.
        stability: how often `--stability` finds the topics anew; None for not at all.
        settings: the arguments of `--set`, each of the form `name=value`.
        sweep: the arguments of `--sweep`, each of the form `name=value,value,…`.
        save_job: the path of the envelope to write.
        save_bertopic: the folder to write BERTopic's own object to.
        title: the title of the report.
        sentiment: the key of the items that tells praise from complaint, for the report.
        facets: keys of the items by which the report breaks topics down.
        redact: whether to replace words of the saved envelope by pseudonyms.
    """

    source: str | None = None
    job_id: str | None = None
    report: str | None = None
    explain: str | None = None
    stability: int | None = None
    settings: tuple[str, ...] = field(default_factory=tuple)
    sweep: tuple[str, ...] = field(default_factory=tuple)
    save_job: str | None = None
    save_bertopic: str | None = None
    title: str | None = None
    sentiment: str | None = None
    facets: tuple[str, ...] = ()
    redact: bool = False

    def __post_init__(self) -> None:
        """Check that the flags fit together.

        Raises:
            BadUsage: they do not; the message names the flags.
        """
        values = {"--job": self.job_id, "--report": self.report, "--explain": self.explain}
        for flag, value in {**values, "--save-bertopic": self.save_bertopic}.items():
            if value == "":
                raise BadUsage(f"{flag} is empty; is a shell variable not set?")
        if self.source is not None and self.job_id is not None:
            raise BadUsage("--once takes a FILE or --job ID, not both")
        if self.redact and self.save_job is None:
            raise BadUsage("--redact changes what --save-job writes: add --save-job out.json.gz")
        if self.stability is not None and self.stability < FEWEST_RERUNS:
            raise BadUsage(f"--stability takes a number of reruns, at least {FEWEST_RERUNS}; e.g. --stability 5")
        self._check_report()
        self._check_sweep()
        if self.report is not None and self.save_job is not None and _is_same_file(self.report, self.save_job):
            raise BadUsage("--report and --save-job name the same file")
        for path in (self.report, self.save_job):
            if self.source not in (None, STDIN) and path is not None and _is_same_file(str(self.source), path):
                raise BadUsage(f"{path} is the batch file itself and would be overwritten")

    def _check_report(self) -> None:
        if self.report is not None:
            return
        wanted = {"--title": self.title, "--sentiment": self.sentiment, "--facet": self.facets or None}
        for flag in (flag for flag, value in wanted.items() if value is not None):
            raise BadUsage(f"{flag} is for the report: add --report out.html")

    def _check_sweep(self) -> None:
        if len(self.sweep) > 1:
            raise BadUsage("--sweep takes one parameter at a time; --set fixes the others")
        if self.sweep and self.save_bertopic is not None:
            raise BadUsage("--save-bertopic saves one model: replace --sweep by --set with one value")

    def check_kind(self, kind: str, *, is_fit: bool) -> None:
        """Check that the flags fit the kind of job.

        Raises:
            BadUsage: the job is no fit, and a flag looks into one.
        """
        flags: dict[str, object] = {
            "--report": self.report,
            "--explain": self.explain,
            "--save-bertopic": self.save_bertopic,
            "--stability": self.stability,
            "--sweep": self.sweep or None,
        }
        given = [flag for flag, value in flags.items() if value is not None]
        if given and not is_fit:
            raise BadUsage(f"{given[0]} looks into a fit, type topic-model; the type of this batch is {kind}")

    @property
    def keys_of_items(self) -> tuple[str, ...]:
        """The keys of the items that the report shows beside the contract's."""
        return (*self.facets, *(() if self.sentiment is None else (self.sentiment,)))

    @property
    def n_reruns(self) -> int:
        """How often the topics are found anew: the verdict of a report needs to know whether a topic is found again."""
        return self.stability or (RERUNS_OF_REPORT if self._is_reported else 0)

    @property
    def n_more_fits(self) -> int:
        """How many fits the reruns and the trials of a report take at most, for the deadline."""
        return self.n_reruns + (FITS_OF_LEVERS if self._is_reported else 0)

    @property
    def _is_reported(self) -> bool:
        return self.report is not None and not self.sweep

    @property
    def inspects(self) -> bool:
        """Whether the fit is looked into, or saved for somebody else."""
        return self.diagnoses or self.stability is not None or self.save_bertopic is not None

    @property
    def diagnoses(self) -> bool:
        """Whether the engine must return diagnostics beside the result."""
        return self.report is not None or self.explain is not None


def _is_same_file(one: str, other: str) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)
