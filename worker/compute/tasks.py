"""What the compute process runs: a message that names its function, and what that function is given."""

import importlib
from collections.abc import Callable
from typing import Any, ClassVar, Protocol


class Task(Protocol):
    """A picklable message; its numpy arrays cross the pipe as raw bytes beside the pickle.

    Attributes:
        function: "module:function", imported in the compute process only, and called with the task, the host and a
            function that takes its events. What it returns is the answer.
    """

    function: ClassVar[str]


class Host(Protocol):
    """What the compute process sets up once and gives to each task."""

    @property
    def device(self) -> str:
        """Either "cpu" or "cuda:N"."""

    @property
    def encoder_name(self) -> str:
        """The keyword encoder in use."""

    @property
    def message(self) -> str:
        """One line on how the encoder was chosen."""

    @property
    def is_fallback(self) -> bool:
        """Whether "auto" works without its model."""

    @property
    def cache_hits(self) -> int:
        """N-grams whose vectors were cached, since the process began."""

    @property
    def cache_misses(self) -> int:
        """N-grams that were encoded, since the process began."""

    @property
    def cuda_allocated_bytes(self) -> int | None:
        """GPU memory that tensors take; None without CUDA."""

    @property
    def cuda_reserved_bytes(self) -> int | None:
        """GPU memory that torch's allocator holds; None without CUDA."""

    def begin_task(self) -> None:
        """Bring the process into the state in which each task begins."""


def import_function(name: str) -> Callable[..., Any]:
    """Import what "module:function" names."""
    module, _, function = name.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return found
