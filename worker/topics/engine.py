"""The engine as the compute process holds it: set up once, then one batch after the other."""

import importlib
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from worker.topics.fit import NoTopics, OnStage, TopicFit
from worker.topics.task import FitBatch

if TYPE_CHECKING:
    from worker.topics.words.encoders import KeywordEncoder
    from worker.topics.words.loading import Precision

RANDOM_SEED = 42


class _Configuration(Protocol):
    """How to set the engine up; `engine` is "module:function" that fits a batch."""

    @property
    def device(self) -> str: ...
    @property
    def keyword_encoder(self) -> str: ...
    @property
    def labse_model(self) -> str: ...
    @property
    def keyword_precision(self) -> "Precision": ...
    @property
    def engine(self) -> str: ...


@dataclass(frozen=True)
class Engine:
    """The function that fits, and what it is called with each time.

    Attributes:
        fit: as `pipeline.fit_topics`.
        encoder: gives keywords their vectors; None if `fit` needs none.
        device: "cpu" or "cuda:N".
        message: one line on how the encoder was chosen.
        is_fallback: whether "auto" had to do without its model.
    """

    fit: Callable[..., Any]
    encoder: "KeywordEncoder | None"
    device: str
    message: str
    is_fallback: bool = False

    @property
    def encoder_name(self) -> str:
        """The keyword encoder in use."""
        return self.encoder.name if self.encoder else "none"

    @property
    def cache_hits(self) -> int:
        """N-grams whose vectors were cached, since the process began."""
        return self.encoder.hits if self.encoder else 0

    @property
    def cache_misses(self) -> int:
        """N-grams that were encoded, since the process began."""
        return self.encoder.misses if self.encoder else 0

    @property
    def cuda_allocated_bytes(self) -> int | None:
        """GPU memory that tensors take; None without CUDA."""
        return self._of_cuda("memory_allocated")

    @property
    def cuda_reserved_bytes(self) -> int | None:
        """GPU memory that torch's allocator holds; None without CUDA."""
        return self._of_cuda("memory_reserved")

    def begin_task(self) -> None:
        """Seed the global generators, so that a batch gives the same bytes whatever ran before it."""
        random.seed(RANDOM_SEED)
        np.random.seed(RANDOM_SEED)  # noqa: NPY002 - for libraries that draw from the global state
        if self.encoder is not None:
            import torch

            torch.manual_seed(RANDOM_SEED)

    def _of_cuda(self, name: str) -> int | None:
        if not self.device.startswith("cuda"):
            return None
        import torch

        return int(getattr(torch.cuda, name)(self.device))


def set_up(configuration: _Configuration, n_threads: int | None) -> Engine:
    """Load the encoder and run a small batch, so that no job waits for either.

    Args:
        configuration: what the operator has set.
        n_threads: for each library that computes with threads; None leaves them as they are.

    Raises:
        EncoderUnavailable: the encoder that was named cannot be loaded.
        DeviceUnavailable: the device that was named is not there.
    """
    from worker.topics.bertopic.imports import import_lightly

    import_lightly()  # before all others
    import torch
    from threadpoolctl import threadpool_limits
    from tqdm import tqdm

    from worker.topics.pipeline import warm_up
    from worker.topics.words.loading import choose_device, choose_encoder

    if n_threads is not None:
        # Torch would else undo the limit on OpenMP at its first use: it takes one thread for each physical core.
        torch.set_num_threads(n_threads)
        threadpool_limits(n_threads)  # BLAS and OpenMP of numpy, SciPy and scikit-learn
    device = choose_device(configuration.device)
    precision = configuration.keyword_precision
    choice = choose_encoder(configuration.keyword_encoder, configuration.labse_model, device, precision)
    # tqdm would make a semaphore that nobody removes if this process is killed.
    tqdm.set_lock(threading.RLock())
    engine = Engine(_function(configuration.engine), choice.encoder, device, choice.message, choice.is_fallback)
    engine.begin_task()
    warm_up(choice.encoder, device)
    return engine


def set_up_without_encoder(configuration: _Configuration, _: int | None) -> Engine:
    """Take the function that is named, and load nothing else; for engines that need neither torch nor a model."""
    fit = _function(configuration.engine)
    return Engine(fit, None, "cpu", f"test engine {configuration.engine}")


def fit_batch(task: FitBatch, engine: Engine, on_stage: OnStage) -> tuple[TopicFit | NoTopics, ...]:
    """Run a task; several variants share one search for neighbors, and the embeddings that are made here."""
    embeddings = task.embeddings
    if task.missing is not None:
        from worker.topics.words.embedding import completed_embeddings

        made = completed_embeddings(task.texts, embeddings, task.missing, engine.encoder, on_stage)
        if isinstance(made, NoTopics):
            return (made,) * len(task.variants)
        embeddings = made
    names = ("diagnose", "levers", "stability", "keep", "save_bertopic", "earlier")
    asked = {name: getattr(task, name) for name in names}
    options: dict[str, object] = {name: value for name, value in asked.items() if value not in (None, False, 0)}
    if len(task.variants) > 1:
        from worker.topics.preparation import Preparation

        most_neighbors = max(params.n_neighbors or 0 for params in task.variants)
        options["preparation"] = Preparation(task.texts, embeddings, engine.device, most_neighbors=most_neighbors)
    return tuple(
        engine.fit(
            task.texts,
            embeddings,
            params,
            encoder=engine.encoder,
            device=engine.device,
            on_stage=on_stage,
            **options,
        )
        for params in task.variants
    )


def _function(name: str) -> Callable[..., Any]:
    module, _, function = name.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return found
