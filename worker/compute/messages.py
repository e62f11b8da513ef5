"""What crosses the pipe between the worker and its compute process."""

from dataclasses import dataclass

from worker.lifecycle.events import TaskEvent

# Worker to compute process.


@dataclass(frozen=True)
class RunTask:
    """Run the task that follows as raw bytes.

    Attributes:
        sizes: of its parts, in bytes; see `transfer.pack`.
    """

    sizes: tuple[int, ...]


@dataclass(frozen=True)
class Ping:
    """Answer with `Vitals`."""


@dataclass(frozen=True)
class Stop:
    """End, once idle."""


ToCompute = RunTask | Ping | Stop

# Compute process to worker.


@dataclass(frozen=True)
class Ready:
    """Set up and warm.

    Attributes:
        device: "cpu" or "cuda:N".
        encoder: the keyword encoder in use.
        message: one line on how it was chosen.
        is_fallback: whether "auto" works without its model.
    """

    device: str
    encoder: str
    message: str
    is_fallback: bool


@dataclass(frozen=True)
class SetupFailed:
    """The process cannot serve and ends; `permanent` if another try would fail the same way."""

    message: str
    permanent: bool


@dataclass(frozen=True)
class Report:
    """A stage of a task began or ended, or the task used the model store."""

    event: TaskEvent


@dataclass(frozen=True)
class Done:
    """A task is done; what its function returned."""

    outcome: object


@dataclass(frozen=True)
class Failed:
    """A task's function raised, or the task could not be read.

    Attributes:
        summary: the exception's type, and the place in our code; no data.
        poisoned: the process must not be used again, and ends.
    """

    summary: str
    poisoned: bool


@dataclass(frozen=True)
class Vitals:
    """Alive and idle; with what only the process itself knows: see `tasks.Host`."""

    cache_hits: int
    cache_misses: int
    cuda_allocated_bytes: int | None
    cuda_reserved_bytes: int | None


FromCompute = Vitals | Ready | SetupFailed | Report | Done | Failed
