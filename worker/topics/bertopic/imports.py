"""Import what every batch needs, without what those libraries import for work that no batch does."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Final

from worker.topics.lazy_imports import deferred
from worker.topics.lazy_modules import WAITING

# Optional to the library that imports them: pyarrow to pandas, plotly and huggingface-hub to BERTopic, rich to
# scikit-learn.
_UNUSED: Final = ("huggingface_hub", "plotly", "pyarrow", "rich")


@contextmanager
def not_installed(*packages: str) -> Iterator[None]:
    """Let imports of these packages fail as if they were not installed, unless they are loaded already."""
    hidden = [package for package in packages if package not in sys.modules]
    # Documented: an entry of None makes the import raise ModuleNotFoundError.
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for package in hidden:
            del sys.modules[package]


def import_lightly() -> None:
    """Import the engine for a process that only computes: its BERTopic draws nothing and knows no hub.

    Call it before anything imports torch, pandas or scikit-learn, and while no other thread imports.
    """
    with not_installed(*_UNUSED), deferred(WAITING):
        import_module("torch")
        _let_torch_draw()
        import_module("worker.topics.pipeline")


def _let_torch_draw() -> None:
    """Do what torch does in a module that waits, `torch._prims.rng_prims`, and without which nothing can be drawn."""
    import torch

    try:
        torch.Generator()
    except RuntimeError:
        base = import_module("torch._opaque_base")
        torch._C._set_generator_metaclass(base.OpaqueBaseMeta)
