"""Sound envelopes to break, and sound fits to answer them with."""

import random
from typing import Any

import numpy as np

from worker.contract.envelope import Batch
from worker.topics.fit import Topic, TopicFit, TopicMetrics

SENTINEL_TEXT = "zqxj-the-comment-of-a-student"
# Its digits occur in no message; a leaked embedding would show them.
SENTINEL_NUMBER = 0.918273645


def make_item(position: int) -> dict[str, Any]:
    """One sound item; its embedding points its own way."""
    numbers = random.Random(position)
    embedding = [SENTINEL_NUMBER, *(numbers.uniform(-1, 1) for _ in range(767))]
    return {
        "submissionId": f"sub-{position}",
        "text": f"{SENTINEL_TEXT} {position}",
        "embedding": embedding,
    }


def make_envelope(n_items: int = 15, **fields: Any) -> dict[str, Any]:
    """A sound envelope of `n_items`, with `fields` put over its own."""
    return {
        "jobId": "job-1",
        "version": "1.0",
        "type": "topic-model",
        "items": [make_item(position) for position in range(n_items)],
        "params": {"min_topic_size": 15, "nr_topics": 20},
        "metadata": {"pipelineId": "pipeline-1", "runId": "run-1", "chunkIndex": 0},
        "publishedAt": "2026-03-16T00:00:00.000Z",
        **fields,
    }


def make_fit(batch: Batch, labels: list[int] | None = None) -> TopicFit:
    """A fit of two topics and one outlier (or as `labels` says), consistent in itself."""
    n_kept = len(batch.kept)
    if labels is None:
        labels = [-1] + [position % 2 for position in range(n_kept - 1)]
    sizes = [labels.count(label) for label in range(max(labels) + 1)]
    return TopicFit(
        labels=np.array(labels, dtype=np.int64),
        probabilities=np.array([0.0 if label < 0 else 0.72341 for label in labels], np.float32),
        topics=tuple(
            Topic(keywords=(f"word{index}", "fast", "klaro kaayo", "grade", "late"), size=size)
            for index, size in enumerate(sizes)
        ),
        metrics=TopicMetrics(0.15234, 0.82, 0.0, -0.00001, 0.61016),
    )
