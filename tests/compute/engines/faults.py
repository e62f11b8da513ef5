"""Engines that misbehave, one fault each; the first text may say for how long."""

import gc
import os
import random
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from worker.topics.fit import (
    FloatArray,
    OnStage,
    Stage,
    StageFinished,
    StageStarted,
    Topic,
    TopicFit,
    TopicMetrics,
    TopicParams,
)

SECRET = "a comment nobody may read in a log"


def succeeds(
    texts: Sequence[str], embeddings: FloatArray, params: TopicParams, *, encoder: None, device: str, on_stage: OnStage
) -> TopicFit:
    """Put everything into one topic that is named by what arrived, and by the process."""
    on_stage(StageStarted(Stage.REDUCE))
    on_stage(StageFinished(Stage.REDUCE, 0.01, {"device": device}))
    return TopicFit(
        labels=np.zeros(len(texts), dtype=np.int64),
        probabilities=np.ones(len(texts), dtype=np.float32),
        topics=(Topic((f"pid {os.getpid()}", f"sum {float(embeddings.sum()):.3f}"), len(texts)),),
        metrics=TopicMetrics(0.0, 1.0, 0.0, 0.0, 0.0),
    )


def _begin(on_stage: OnStage) -> None:
    on_stage(StageStarted(Stage.REDUCE))


def crashes(texts: Sequence[str], *args: object, on_stage: OnStage, **kwargs: object) -> None:
    """Die of a segmentation fault in stage reduce."""
    _begin(on_stage)
    os.kill(os.getpid(), signal.SIGSEGV)


def is_killed(texts: Sequence[str], *args: object, on_stage: OnStage, **kwargs: object) -> None:
    """Die as the kernel's OOM killer would have it."""
    _begin(on_stage)
    os.kill(os.getpid(), signal.SIGKILL)


def exits(texts: Sequence[str], *args: object, on_stage: OnStage, **kwargs: object) -> None:
    """Leave without a word."""
    _begin(on_stage)
    sys.stdout.flush()
    os._exit(7)


def hangs(texts: Sequence[str], *args: object, on_stage: OnStage, **kwargs: object) -> None:
    """Never come back."""
    _begin(on_stage)
    while True:
        time.sleep(3600)


def holds_the_gil(texts: Sequence[str], *args: object, on_stage: OnStage, **kwargs: object) -> None:
    """Compute in one C call that lets no other Python thread run."""
    _begin(on_stage)
    while True:
        pow(3, 10_000_000)


def raises(texts: Sequence[str], *args: object, on_stage: OnStage, **kwargs: object) -> None:
    """Raise an error that quotes a comment."""
    _begin(on_stage)
    raise ValueError(SECRET)


def runs_out_of_memory(texts: Sequence[str], *args: object, on_stage: OnStage, **kwargs: object) -> None:
    """Raise as numpy does if it cannot allocate."""
    _begin(on_stage)
    raise MemoryError


def loses_the_gpu(texts: Sequence[str], *args: object, on_stage: OnStage, **kwargs: object) -> None:
    """Raise as torch does when a kernel failed and the process is poisoned."""
    _begin(on_stage)
    raise RuntimeError("CUDA error: an illegal memory access was encountered")


def breaks_the_gpu(texts: Sequence[str], *args: object, on_stage: OnStage, **kwargs: object) -> None:
    """Read outside an array in a real kernel, after which CUDA serves this process no more."""
    import torch

    _begin(on_stage)
    print(torch.zeros(1, device="cuda")[torch.tensor([7], device="cuda")].item())


def prints(texts: Sequence[str], *args: object, on_stage: OnStage, **kwargs: object) -> TopicFit:
    """Print to stdout, as libraries do."""
    print("noise of a library", flush=True)
    os.system("echo noise of a subprocess")
    return succeeds(texts, *args, on_stage=on_stage, **kwargs)  # type: ignore[arg-type]


class _Unreadable:
    """Raises as it is read, not as it is sent."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return float, ("no number",)


def babbles(texts: Sequence[str], *args: object, on_stage: OnStage, **kwargs: object) -> object:
    """Answer with what cannot be read."""
    _begin(on_stage)
    return _Unreadable()


class _Cycle:
    """Refers to itself, as models of large libraries do."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = [text + " kept" for text in texts]
        self.itself = self


def keeps_in_a_cycle(texts: Sequence[str], *args: object, on_stage: OnStage, **kwargs: object) -> TopicFit:
    """Leave something behind that only the garbage collector frees."""
    gc.disable()
    _Cycle(texts)
    return succeeds(texts, *args, on_stage=on_stage, **kwargs)  # type: ignore[arg-type]


def counts_what_was_kept(texts: Sequence[str], *args: object, on_stage: OnStage, **kwargs: object) -> TopicFit:
    """Name the topic by how many cycles there still are."""
    n_kept = sum(isinstance(thing, _Cycle) for thing in gc.get_objects())
    fit = succeeds(texts, *args, on_stage=on_stage, **kwargs)  # type: ignore[arg-type]
    return replace(fit, topics=(Topic((f"kept {n_kept}",), len(texts)),))


def draws(texts: Sequence[str], *args: object, on_stage: OnStage, **kwargs: object) -> TopicFit:
    """Name the topic by what the global generators give."""
    drawn = f"{random.random()} {np.random.random()}"  # noqa: NPY002
    fit = succeeds(texts, *args, on_stage=on_stage, **kwargs)  # type: ignore[arg-type]
    return replace(fit, topics=(Topic((drawn,), len(texts)),))


def by_text(texts: Sequence[str], *args: object, on_stage: OnStage, **kwargs: object) -> object:
    """Do what the first text names."""
    return globals()[texts[0]](texts, *args, on_stage=on_stage, **kwargs)
