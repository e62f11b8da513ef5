"""How the compute process is set up."""

from dataclasses import dataclass
from typing import Literal, Self

from worker.settings import DEFAULT_ENGINE, Settings


@dataclass(frozen=True)
class ComputeConfig:
    """How to set the compute process up.

    Attributes:
        device: "auto", "cpu", "cuda" or "cuda:N".
        labse_model: what the encoder "auto" takes.
        keyword_encoder: "auto", "corpus", or a model's name or path.
        max_jobs: a process serves this many tasks, then a fresh one takes its place; 0 for no limit.
        engine: "module:function" that fits a batch; any other than the worker's own runs without an encoder.
        keyword_precision: "auto", "float32" or "int8", of the vectors of keywords on the CPU.
        needs_engine: whether any task fits; without it no engine is loaded.
    """

    device: str
    labse_model: str
    keyword_encoder: str
    max_jobs: int
    engine: str
    keyword_precision: Literal["auto", "float32", "int8"] = "auto"
    needs_engine: bool = True

    @property
    def set_up(self) -> str:
        """What the compute process calls once, as "module:function": the parent imports nothing of it."""
        if not self.needs_engine:
            return "worker.compute.bare_host:set_up"
        is_own = self.engine == DEFAULT_ENGINE
        return "worker.topics.engine:set_up" if is_own else "worker.topics.engine:set_up_without_encoder"

    @classmethod
    def of(cls, settings: Settings, *, needs_engine: bool = True) -> Self:
        """Take what the operator has set."""
        return cls(
            device=settings.device,
            labse_model=settings.labse_model,
            keyword_encoder=settings.keyword_encoder,
            keyword_precision=settings.keyword_precision,
            max_jobs=settings.compute_max_jobs,
            engine=settings.engine,
            needs_engine=needs_engine,
        )
