"""Which topics of a kept model documents are in, without a fit."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from worker.models.closeness import Parts, thresholds
from worker.models.model import OUTLIER, KeptModel, KeptTopic
from worker.topics.arrays import DoubleArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Assignment:
    """Where documents belong.

    Attributes:
        labels: (n,) int64, the topic's number, -1 for outliers.
        probabilities: (n,) float32 in [0, 1], 0 for outliers.
        nearest: (n,) int64, the number of the nearest topic, whether the document is in it or not; -1 if the model
            has no topic with a vector.
        closeness: (n,) float64 in [-1, 1], to the nearest topic.
    """

    labels: IntArray
    probabilities: FloatArray
    nearest: IntArray
    closeness: DoubleArray


def assign(model: KeptModel, embeddings: FloatArray) -> Assignment:
    """Assign documents to the topics of a model, each by itself.

    A document is in the topic whose nearest part is nearest to it, unless it is farther away than 98 of 100 documents
    nearest to that topic. Its probability is the softmax of its closeness to all topics at the model's temperature.

    Args:
        model: not changed.
        embeddings: (n, d) float32, L2-normalized; d is the model's. Not modified.
    """
    topics = assignable(model.topics)
    parts = Parts.of(topics, model.center)
    return assigned(topics, parts.closeness_to_topics(embeddings), model.temperature)


def assignable(topics: Sequence[KeptTopic]) -> list[KeptTopic]:
    """Give the topics that have a vector."""
    return [topic for topic in topics if topic.can_be_assigned]


def assigned(topics: Sequence[KeptTopic], closeness: DoubleArray, temperature: float) -> Assignment:
    """Assign documents by their closeness to each topic.

    Args:
        topics: that have a vector.
        closeness: (n, t), to the nearest part of each.
        temperature: of the softmax.
    """
    n = len(closeness)
    if not topics:
        nobody = np.full(n, OUTLIER, dtype=np.int64)
        return Assignment(nobody, np.zeros(n, dtype=np.float32), nobody.copy(), np.full(n, -1.0))
    row = closeness.argmax(axis=1)
    best = closeness.max(axis=1)
    nearest = np.array([topic.number for topic in topics], dtype=np.int64)[row]
    is_in = best >= thresholds(topics)[row]
    probability = 1 / np.exp(temperature * (closeness - best[:, None])).sum(axis=1)
    return Assignment(
        labels=np.where(is_in, nearest, OUTLIER),
        probabilities=np.where(is_in, probability, 0.0).astype(np.float32),
        nearest=nearest,
        closeness=best,
    )
