"""One run of `--once`, with all that a report or an explanation is made of."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from worker.contract.envelope import Batch
from worker.contract.result import Document
from worker.replay.files import STDIN
from worker.replay.request import Request
from worker.topics.fit import Details, StageFinished, TopicFit


@dataclass(frozen=True, eq=False)
class Session:
    """A completed run.

    Attributes:
        source: the file or job it came from, as a person names it; see `source_of`.
        batch: what was run.
        fit: what came of it, with diagnostics where an inspection was asked for.
        document: the result document.
        stages: those that finished, in order.
        overrides: by `--set` and `--sweep`.
        comparison: one line each, where the stored result was compared.
    """

    source: str
    batch: Batch = field(repr=False)
    fit: TopicFit = field(repr=False)
    document: Document = field(repr=False)
    stages: tuple[StageFinished, ...] = ()
    overrides: Mapping[str, object] = field(default_factory=dict)
    comparison: tuple[str, ...] = ()

    @property
    def stage_notes(self) -> Details:
        """What the stages noted, all together."""
        return {name: value for stage in self.stages for name, value in stage.details.items()}


def source_of(request: Request) -> str:
    """Name the file or job of a request in letters that a page can hold: a path may be no UTF-8."""
    if request.source == STDIN:
        return "stdin"
    name = request.source or f"job {request.job_id}"
    return os.fsencode(name).decode("utf-8", "replace")
