"""A compute process without the engine, for tasks that fit nothing: it is up in a fraction of the engine's time."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from worker.compute.config import ComputeConfig


@dataclass(frozen=True)
class BareHost:
    """A `tasks.Host` that has loaded nothing."""

    device: str = "cpu"
    encoder: None = None
    encoder_name: str = "none"
    message: str = "no engine is loaded: nothing is fitted"
    is_fallback: bool = False
    cache_hits: int = 0
    cache_misses: int = 0
    cuda_allocated_bytes: int | None = None
    cuda_reserved_bytes: int | None = None

    def begin_task(self) -> None:
        """Do nothing: no state outlives a task."""


def set_up(_: "ComputeConfig", __: int | None) -> BareHost:
    """Load nothing."""
    return BareHost()
