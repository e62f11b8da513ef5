"""Engines for the command-line tests, named by TOPIC_MODEL_TEST_ENGINE."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from worker.topics.earlier import Continuity, RefitAdvice
from worker.topics.fit import (
    FloatArray,
    NoTopics,
    OnStage,
    Stage,
    StageFinished,
    StageStarted,
    Topic,
    TopicFit,
    TopicMetrics,
    TopicParams,
)


def two_topics(
    texts: Sequence[str],
    embeddings: FloatArray,
    params: TopicParams,
    *,
    on_stage: OnStage,
    **_: Any,
) -> TopicFit:
    """Two topics by turns, the first document an outlier; prints to stdout, which it must not."""
    del embeddings
    print("a stray print of some library")
    for stage in list(Stage)[1:]:
        on_stage(StageStarted(stage))
        on_stage(StageFinished(stage, 0.25, {"n_documents": len(texts)}))
    labels = np.arange(len(texts), dtype=np.int64) % 2
    labels[0] = -1
    sizes = np.bincount(labels[1:])
    order = np.argsort(-sizes, kind="stable")
    labels[1:] = np.argsort(order)[labels[1:]]
    return TopicFit(
        labels=labels,
        probabilities=np.where(labels < 0, 0, 0.75).astype(np.float32),
        topics=(
            Topic(("señor", "fast", "rushed pace", "speed", "late"), int(sizes[order[0]])),
            Topic(("grade", "fair"), int(sizes[order[1]])),
        ),
        metrics=TopicMetrics(0.15, 0.82, 0.1, 0.23, 0.61),
        parameters={"min_cluster_size": params.min_cluster_size or 15, "min_dist": 0.0},
        encoder="corpus",
    )


def first_fit(texts: Sequence[str], embeddings: FloatArray, params: TopicParams, **arguments: Any) -> TopicFit:
    """The same two topics, all of them new, as a fit tells that was to continue another and found none."""
    fit = two_topics(texts, embeddings, params, **arguments)
    numbers = tuple(range(len(fit.topics)))
    return replace(fit, continuity=Continuity(numbers, (None, None), (), numbers, (), 0, 0, RefitAdvice(False)))


def no_clusters(*_: Any, **__: Any) -> NoTopics:
    """Nothing clusters."""
    return NoTopics.NO_CLUSTERS


def no_keywords(*_: Any, **__: Any) -> NoTopics:
    """Nothing is left for keywords."""
    return NoTopics.NO_KEYWORDS


def raises(texts: Sequence[str], *_: Any, **__: Any) -> TopicFit:
    """A bug whose message quotes the data."""
    raise ValueError(texts[0])


def hangs(*_: Any, on_stage: OnStage, **__: Any) -> TopicFit:
    """Says that it has begun, then never ends."""
    on_stage(StageFinished(Stage.NEIGHBOURS, 0.0))
    threading.Event().wait()
    raise AssertionError
