"""One completed fit of `--once`, with everything that a report or an explanation needs."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from worker.contract.envelope import Batch
from worker.contract.result import Document
from worker.replay.continuity import continuity_lines
from worker.replay.extras import Extras
from worker.replay.files import STDIN
from worker.replay.request import Request
from worker.replay.stability import stability_lines
from worker.topics.fit import Details, StageFinished, TopicFit


@dataclass(frozen=True, eq=False)
class CheckedChange:
    """A fit with another value of a parameter, and the flag that sets the value."""

    flag: str
    fit: TopicFit = field(repr=False)


@dataclass(frozen=True, eq=False)
class Session:
    """A completed fit.

    Attributes:
        source: the name of the file or job that the batch came from; see `source_of`.
        batch: the batch that was fitted.
        fit: the fit; it has diagnostics if a report or an explanation was asked for.
        document: the result document.
        stages: the finished stages, in order.
        overrides: the parameters that `--set` and `--sweep` replaced.
        extras: what the report shows beside the fit.
        comparison: lines about how the result differs from the stored one; empty if there is none.
        checked: changes that were tried as a whole, of which the report's first screen tells the best.
    """

    source: str
    batch: Batch = field(repr=False)
    fit: TopicFit = field(repr=False)
    document: Document = field(repr=False)
    stages: tuple[StageFinished, ...] = ()
    overrides: Mapping[str, object] = field(default_factory=dict)
    comparison: tuple[str, ...] = ()
    extras: Extras = field(default_factory=Extras, repr=False)
    checked: tuple[CheckedChange, ...] = ()

    @property
    def continuity(self) -> list[str]:
        """What became of the topics of an earlier run, in lines for people."""
        return continuity_lines(self.document)

    @property
    def stability(self) -> list[str]:
        """How far the topics hold together, in lines for people; empty if that was not measured."""
        return stability_lines(self.fit)

    @property
    def stage_notes(self) -> Details:
        """The details of all stages, in one mapping."""
        return {name: value for stage in self.stages for name, value in stage.details.items()}


def source_of(request: Request) -> str:
    """Name the file or job of a request; bytes of a path that are not UTF-8 are replaced, as a page must be UTF-8."""
    if request.source == STDIN:
        return "stdin"
    name = request.source or f"job {request.job_id}"
    return os.fsencode(name).decode("utf-8", "replace")
