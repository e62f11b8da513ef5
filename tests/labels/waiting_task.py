"""A task that does nothing but ask for labels; importing it costs a compute process next to nothing."""

from dataclasses import dataclass
from typing import Any, ClassVar

from worker.labels.labeller import Labeller
from worker.labels.naming import Unnamed
from worker.labels.service import LabelService


@dataclass(frozen=True)
class AskForLabels:
    """Ask for the label of one topic."""

    function: ClassVar[str] = "tests.labels.waiting_task:run"
    service: LabelService


def run(task: AskForLabels, *_: Any) -> dict[int, str]:
    """Run in the compute process."""
    return Labeller(task.service, lambda _: None).ask([Unnamed(0, ("fast",))], ())
