"""What the command line asks of a replay, and which flags go together."""

import os
from dataclasses import dataclass, field

from worker.errors import WorkerError
from worker.replay.files import STDIN


class BadUsage(WorkerError):
    """Flags that contradict each other, or a value that cannot be meant; one line that says what to do."""


@dataclass(frozen=True)
class Request:
    """What is to be done.

    Attributes:
        source: a batch file, `-` for stdin; None where the batch comes from a job.
        job_id: a job in Redis; None where the batch comes from a file.
        report: where the HTML report goes.
        explain: a submissionId.
        settings: as `--set` was given, `name=value` each.
        sweep: as `--sweep` was given, `name=value,value,…` each.
        save_job: where the envelope goes.
        save_bertopic: the folder that BERTopic's own object goes to.
        redact: whether the saved envelope holds pseudonyms for words.
    """

    source: str | None = None
    job_id: str | None = None
    report: str | None = None
    explain: str | None = None
    settings: tuple[str, ...] = field(default_factory=tuple)
    sweep: tuple[str, ...] = field(default_factory=tuple)
    save_job: str | None = None
    save_bertopic: str | None = None
    redact: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be done together.

        Raises:
            BadUsage: one line that names the flags.
        """
        values = {"--job": self.job_id, "--report": self.report, "--explain": self.explain}
        for flag, value in {**values, "--save-bertopic": self.save_bertopic}.items():
            if value == "":
                raise BadUsage(f"{flag} is empty: a variable that is not set?")
        if self.source is not None and self.job_id is not None:
            raise BadUsage("--once takes a FILE or --job ID, not both")
        if self.redact and self.save_job is None:
            raise BadUsage("--redact is about what --save-job writes: add --save-job out.json.gz")
        self._refuse_sweep()
        if self.report is not None and self.save_job is not None and _is_same_file(self.report, self.save_job):
            raise BadUsage("--report and --save-job name the same file")
        for path in (self.report, self.save_job):
            if self.source not in (None, STDIN) and path is not None and _is_same_file(str(self.source), path):
                raise BadUsage(f"{path} is the batch itself and would be overwritten")

    def _refuse_sweep(self) -> None:
        if len(self.sweep) > 1:
            raise BadUsage("--sweep takes one parameter at a time; --set fixes the others")
        if self.sweep and self.save_bertopic is not None:
            raise BadUsage("--save-bertopic saves one model: --set the value of --sweep that is wanted")

    @property
    def diagnoses(self) -> bool:
        """Whether the engine has to say more than the result holds."""
        return self.report is not None or self.explain is not None


def _is_same_file(one: str, other: str) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)
