"""Batches with known themes, as the API would send them."""

import uuid
from typing import Any

import numpy as np

from tests.topics.themes import themed_corpus
from worker.topics.fit import FloatArray


def rounded(embeddings: FloatArray) -> list[list[float]]:
    """Give the rows as JSON has them, with six decimals."""
    rows: list[list[float]] = embeddings.astype(np.float64).round(6).tolist()
    return rows


def themed_envelope(n_per_theme: int = 12, n_themes: int = 4, *, seed: int = 0, **params: object) -> dict[str, Any]:
    """Make a batch; its pipeline id, and so its job id, is its own each time."""
    texts, embeddings, _ = themed_corpus(n_per_theme, n_themes, seed=seed)
    items = [
        {
            "submissionId": str(uuid.UUID(int=i)),
            "text": text,
            "embedding": embedding,
        }
        for i, (text, embedding) in enumerate(zip(texts, rounded(embeddings), strict=True))
    ]
    envelope: dict[str, Any] = {
        "jobId": str(uuid.uuid4()),
        "version": "1.0",
        "type": "topic-model",
        "items": items,
        "metadata": {"pipelineId": f"pipeline-{uuid.uuid4().hex[:8]}", "runId": "run-1"},
        "publishedAt": "2026-03-16T00:00:00.000Z",
    }
    if params:
        envelope["params"] = params
    return envelope
