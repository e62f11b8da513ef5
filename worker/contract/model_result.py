"""The results of the kinds of job that use a kept model: topics by their own numbers, checked, ordered and rounded."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

import numpy as np

from worker.contract.envelope import Batch
from worker.contract.label_field import label_of
from worker.contract.result import (
    JSON,
    MAX_KEYWORDS,
    Document,
    inconsistent,
    metrics_document,
    rounded,
    timestamp,
)
from worker.topics.fit import FloatArray, IntArray, TopicMetrics
from worker.topics.raw_labels import MAX_LABEL
from worker.version import WORKER_VERSION

N_IN_SNAPSHOT: Final = 10
N_SAMPLES: Final = 5


class SampleOfTopic(Protocol):
    """A typical comment."""

    @property
    def id(self) -> str:
        """Its submission id."""


class NumberedTopic(Protocol):
    """A topic of a kept model."""

    @property
    def number(self) -> int:
        """Its `topicIndex`."""

    @property
    def n(self) -> int:
        """How many comments were ever in it."""

    @property
    def raw_label(self) -> str:
        """Its raw label."""

    @property
    def label(self) -> str:
        """Its name for people; "" for none."""

    @property
    def keywords(self) -> tuple[str, ...]:
        """Best first."""

    @property
    def samples(self) -> Sequence[SampleOfTopic]:
        """Typical comments, the most typical first."""


class MeasuredDrift(Protocol):
    """How a batch differs from what the model saw."""

    @property
    def level(self) -> str:
        """LOW, MEDIUM or HIGH."""

    @property
    def enough(self) -> bool:
        """Whether there are enough comments to tell."""

    @property
    def p_value(self) -> float:
        """In [0, 1]."""

    @property
    def excess_variation(self) -> float:
        """In [-1, 1]."""

    @property
    def outlier_excess(self) -> float:
        """In [-1, 1]."""

    @property
    def shift(self) -> float:
        """At least 0."""

    @property
    def moved(self) -> tuple[int, ...]:
        """Numbers of topics."""


@dataclass(frozen=True, eq=False)
class Placed:
    """A batch in the topics of a model.

    Attributes:
        labels: (n_kept,) int64, numbers of topics, -1 for outliers.
        probabilities: (n_kept,) float32.
        topics: of the model, each with a number of its own.
    """

    labels: IntArray
    probabilities: FloatArray
    topics: Sequence[NumberedTopic]


def predicted(batch: Batch, placed: Placed, drift: MeasuredDrift, version: str, now: datetime) -> Document:
    """Build the document of a prediction; topics without a comment of the batch are left out.

    Raises:
        EngineFailed: what was placed contradicts itself or the batch: a bug.
    """
    sizes = _sizes(batch, placed)
    tenant = batch.model.tenant if batch.model is not None else ""
    return {
        "version": WORKER_VERSION,
        "status": "completed",
        "topics": [_topic(batch, topic, sizes) for topic in _by_size(placed, sizes) if sizes[topic.number]],
        "assignments": _assignments(batch, placed),
        "outlierCount": batch.n_items - sum(sizes.values()),
        "drift": _drift(drift),
        "model": {"tenant": tenant, "version": version},
        "completedAt": timestamp(now),
    }


def _topic(batch: Batch, topic: NumberedTopic, sizes: Counter[int]) -> Document:
    keywords: list[JSON] = list(dict.fromkeys(topic.keywords))[:MAX_KEYWORDS]  # type: ignore[assignment]
    if not keywords or not topic.raw_label:
        raise inconsistent("a topic without words")
    return {
        "topicIndex": topic.number,
        "rawLabel": topic.raw_label[:MAX_LABEL],
        "keywords": keywords,
        "docCount": sizes[topic.number],
        **label_of(batch, topic.label, topic.raw_label[:MAX_LABEL]),
    }


def _by_size(placed: Placed, sizes: Counter[int]) -> list[NumberedTopic]:
    return sorted(placed.topics, key=lambda topic: (-sizes[topic.number], -topic.n, topic.number))


def _sizes(batch: Batch, placed: Placed) -> Counter[int]:
    """Count the comments of each topic, once all that a reader relies on holds."""
    n_kept = len(batch.kept)
    numbers = [topic.number for topic in placed.topics]
    if placed.labels.shape != (n_kept,) or placed.probabilities.shape != (n_kept,):
        raise inconsistent(f"labels for {len(placed.labels)} of {n_kept} documents")
    if len(set(numbers)) != len(numbers) or min(numbers, default=0) < 0:
        raise inconsistent("topics without a number of their own")
    if not np.isin(placed.labels, [-1, *numbers]).all():
        raise inconsistent("a label that is no topic's number")
    if not np.isfinite(placed.probabilities).all():
        raise inconsistent("a probability that is not finite")
    return Counter(placed.labels[placed.labels >= 0].tolist())


def _assignments(batch: Batch, placed: Placed) -> list[JSON]:
    inside = placed.labels >= 0
    probabilities = np.clip(placed.probabilities[inside].astype(np.float64), 0.0, 1.0)
    return [
        {"submissionId": batch.submission_ids[position], "topicIndex": number, "probability": rounded(probability)}
        for position, number, probability in zip(
            batch.kept[inside].tolist(), placed.labels[inside].tolist(), probabilities.tolist(), strict=True
        )
    ]


def _drift(drift: MeasuredDrift) -> Document:
    return {
        "level": drift.level,
        "enough": drift.enough,
        "pValue": rounded(drift.p_value),
        "excessVariation": rounded(drift.excess_variation),
        "outlierExcess": rounded(drift.outlier_excess),
        "shift": rounded(drift.shift),
        "moved": list(drift.moved),
    }


@dataclass(frozen=True, eq=False)
class Changes:
    """What an update or a rebuild did to a model.

    Attributes:
        born: numbers of the topics that were found.
        redirects: topics that became part of others, by the number that is gone; None if that cannot happen.
        metrics: of the batch.
        drift: of the batch, against the model before.
    """

    born: Sequence[int]
    redirects: Mapping[int, int]
    metrics: TopicMetrics
    drift: MeasuredDrift


def updated(batch: Batch, placed: Placed, changes: Changes, now: datetime) -> Document:
    """Build the document of an update or a rebuild; every topic of the model is there.

    Raises:
        EngineFailed: what was placed contradicts itself or the batch: a bug.
    """
    sizes = _sizes(batch, placed)
    n_outliers = batch.n_items - sum(sizes.values())
    if any(topic.n < sizes[topic.number] for topic in placed.topics):
        raise inconsistent("a topic with fewer documents than the batch has in it")
    if not {*changes.born} <= {topic.number for topic in placed.topics}:
        raise inconsistent("a new topic that is not there")
    return {
        "version": WORKER_VERSION,
        "status": "completed",
        "topics": [_topic(batch, topic, sizes) | {"totalCount": topic.n} for topic in _by_size(placed, sizes)],
        "assignments": _assignments(batch, placed),
        "metrics": metrics_document(changes.metrics, n_outliers / batch.n_items),
        "outlierCount": n_outliers,
        "born": [*sorted(changes.born)],
        "drift": _drift(changes.drift),
        "snapshot": _snapshot(placed.topics),
        "redirects": {str(old): into for old, into in sorted(changes.redirects.items())},
        "completedAt": timestamp(now),
    }


def _snapshot(topics: Sequence[NumberedTopic]) -> list[JSON]:
    largest = sorted(topics, key=lambda topic: (-topic.n, topic.number))[:N_IN_SNAPSHOT]
    return [
        {
            "topicIndex": topic.number,
            "totalCount": topic.n,
            "submissionIds": [sample.id for sample in topic.samples[:N_SAMPLES]],
        }
        for topic in largest
    ]
