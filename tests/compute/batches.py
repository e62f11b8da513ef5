"""Batches that tell a test engine what to do; they import no engine, so that a process that a test starts is small."""

import numpy as np

from worker.compute.config import ComputeConfig
from worker.topics.fit import TopicParams
from worker.topics.task import FitBatch

ENGINE = "tests.compute.engines.faults:by_text"


def config(engine: str = ENGINE, *, max_jobs: int = 0, device: str = "cpu", encoder: str = "corpus") -> ComputeConfig:
    """Set up with an engine of the tests."""
    return ComputeConfig(device=device, labse_model="unused", keyword_encoder=encoder, max_jobs=max_jobs, engine=engine)


def batch(first_text: str = "succeeds", n: int = 20) -> FitBatch:
    """Make a task whose first text tells the engine what to do."""
    embeddings = np.full((n, 768), 0.25, dtype=np.float32)
    return FitBatch((first_text, *("text" for _ in range(n - 1))), embeddings, (TopicParams(),))
