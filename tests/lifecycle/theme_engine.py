"""An engine that knows the themes of the made-up corpus by their words: a fit at no cost, and always the same."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from tests.topics.themes import THEMES
from worker.topics.fit import FloatArray, IntArray, OnStage, Stage, Topic, TopicFit, TopicMetrics, TopicParams
from worker.topics.stages import StageClock
from worker.topics.traits import TopicTraits
from worker.topics.words.encoders import unit

_THEME_OF = {word: theme for theme, words in enumerate(THEMES.values()) for word in words.split()}


def fit(
    texts: Sequence[str],
    embeddings: FloatArray,
    params: TopicParams,
    *,
    encoder: None,
    on_stage: OnStage,
    keep: bool = False,
    **_: Any,
) -> TopicFit:
    """Put each text into the topic of its theme; the engine's signature."""
    clock = StageClock(on_stage)
    clock.enter(Stage.CLUSTER)
    themes = [next((_THEME_OF[word] for word in text.split() if word in _THEME_OF), -1) for text in texts]
    sizes = Counter(theme for theme in themes if theme >= 0)
    by_size = sorted(sizes, key=lambda theme: (-sizes[theme], theme))
    place = {theme: index for index, theme in enumerate(by_size)}
    labels = np.array([place.get(theme, -1) for theme in themes], dtype=np.int64)
    words = [Counter[str]() for _ in by_size]
    for text, label in zip(texts, labels.tolist(), strict=True):
        if label >= 0:
            words[label].update(set(text.split()))
    topics = [
        Topic(tuple(sorted(own, key=lambda word: (-own[word], word))[:10]), sizes[theme])
        for theme, own in zip(by_size, words, strict=True)
    ]
    clock.finish()
    return TopicFit(
        labels=labels,
        probabilities=np.where(labels >= 0, 1.0, 0.0).astype(np.float32),
        topics=tuple(topics),
        metrics=TopicMetrics(0.1, 0.9, float(np.mean(labels < 0)), 0.5, 0.5),
        traits=_traits(labels, embeddings, words) if keep else None,
    )


def _traits(labels: IntArray, embeddings: FloatArray, words: list[Counter[str]]) -> TopicTraits:
    terms = sorted({word for own in words for word in own})
    column = {term: i for i, term in enumerate(terms)}
    rows = [sorted((column[word], count) for word, count in own.items()) for own in words]
    cells = np.array([cell for row in rows for cell in row], dtype=np.int64).reshape(-1, 2)
    return TopicTraits(
        centroids=unit(np.stack([embeddings[labels == topic].mean(axis=0) for topic in range(len(words))])),
        terms=tuple(terms),
        counts=cells[:, 1],
        documents=cells[:, 1],
        columns=cells[:, 0],
        starts=np.cumsum([0, *map(len, rows)]),
    )
