"""Batches with known themes, as the API would send them."""

import uuid
from typing import Any

from tests.topics.themes import themed_corpus


def themed_envelope(n_per_theme: int = 12, n_themes: int = 4, *, seed: int = 0, **params: object) -> dict[str, Any]:
    """Make a batch; its pipeline id, and so its job id, is its own each time."""
    texts, embeddings, _ = themed_corpus(n_per_theme, n_themes, seed=seed)
    items = [
        {
            "submissionId": str(uuid.UUID(int=i)),
            "text": text,
            "embedding": [round(x, 6) for x in vector.tolist()],
        }
        for i, (text, vector) in enumerate(zip(texts, embeddings, strict=True))
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
