"""What the compute process tells of the model store while a task runs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from worker.topics.fit import StageFinished, StageStarted

Operation = Literal["find", "read", "write", "activate", "delete"]
OPERATIONS: Final[tuple[Operation, ...]] = ("find", "read", "write", "activate", "delete")


@dataclass(frozen=True)
class StoreUsed:
    """The store was used.

    Attributes:
        operation: what was asked of it.
        duration_s: how long that took (monotonic clock).
        error: the type of the exception; "" if there was none. `LostRace` is one of them.
    """

    operation: Operation
    duration_s: float
    error: str = ""


@dataclass(frozen=True)
class StoreWarning:
    """There is something about the store that a person should know; one line."""

    line: str


@dataclass(frozen=True)
class BatchWarning:
    """There is something about the batch, beside the model, that a person should know; one line."""

    line: str


@dataclass(frozen=True)
class VersionsRemoved:
    """Old versions were removed, as the retention of the settings wants it; their names, the oldest first."""

    tenant: str
    versions: tuple[str, ...]


TaskEvent = StageStarted | StageFinished | StoreUsed | StoreWarning | BatchWarning | VersionsRemoved
OnEvent = Callable[[TaskEvent], None]
