"""The response document: a `TopicFit` plus the ids of its batch, ordered and rounded."""

import math
from datetime import UTC, datetime
from typing import Final, TypeAlias

import numpy as np

from worker.contract.envelope import Batch
from worker.contract.label_field import label_of
from worker.contract.previous import EarlierResult
from worker.errors import EngineFailed
from worker.topics.fit import NoTopics, NoTopicsReason, Stage, TopicFit, TopicMetrics
from worker.topics.raw_labels import raw_label
from worker.version import WORKER_VERSION

JSON: TypeAlias = "dict[str, JSON] | list[JSON] | str | int | float | bool | None"
Document: TypeAlias = dict[str, JSON]

MAX_KEYWORDS: Final = 10
# In the place of an aspect's name.
EMERGENT: Final = "emergent"
OUTLIER: Final = "outlier"
_DECIMALS: Final = 4

_NO_TOPICS: Final = {
    NoTopicsReason.NO_CLUSTERS: "BERTopic produced 0 topics",
    NoTopicsReason.NO_KEYWORDS: "No keywords: the texts hold only stop words, symbols or digits",
}


def completed(batch: Batch, fit: TopicFit, *, now: datetime) -> Document:
    """Build the document of a batch that has topics.

    The counts are taken from the labels alone, so that they agree by construction:
    sum(docCount) + outlierCount is the number of items, zero vectors included.

    Args:
        batch: whose kept items were fitted.
        fit: labels and probabilities in the order of `batch.kept`.
        now: aware; becomes `completedAt`.

    Raises:
        EngineFailed: the fit contradicts itself or the batch: a bug, not a flaw in the data.
    """
    sizes = _checked_sizes(batch, fit)
    n_items = len(batch.submission_ids)
    n_outliers = n_items - sum(sizes)
    return {
        "version": WORKER_VERSION,
        "status": "completed",
        "topics": [_topic(batch, fit, index, size, now) for index, size in enumerate(sizes)],
        "assignments": _assignments(batch, fit),
        "metrics": metrics_document(fit.metrics, n_outliers / n_items),
        "outlierCount": n_outliers,
        **_aspect_mapping(fit),
        **_continuity(batch, fit),
        "completedAt": timestamp(now),
    }


def failed(error: str, *, now: datetime) -> Document:
    """Build the document of a batch whose data is at fault; `error` is the contract's message."""
    return {
        "version": WORKER_VERSION,
        "status": "failed",
        "error": error,
        "completedAt": timestamp(now),
    }


def skipped(reason: str, *, now: datetime) -> Document:
    """Build the document of a sound batch for which there was nothing to do."""
    return {
        "version": WORKER_VERSION,
        "status": "skipped",
        "reason": reason,
        "completedAt": timestamp(now),
    }


def no_topics(outcome: NoTopics, *, now: datetime) -> Document:
    """Build the document of a sound batch in which the engine found no topic, with the cause if it is known."""
    return failed(no_topics_error(outcome), now=now)


def no_topics_error(outcome: NoTopics) -> str:
    """Say why no topic was found, as the contract does."""
    error, shortfall = _NO_TOPICS.get(outcome.reason, outcome.why_not_embedded), outcome.shortfall
    if shortfall is not None:
        error += (
            f": no group of at least {shortfall.wanted} similar comments among {shortfall.n_documents}, "
            f"the largest had {shortfall.largest}"
        )
    return error


def metrics_document(metrics: TopicMetrics, outlier_ratio: float) -> Document:
    """Give the five metrics; the share of outliers is not the engine's, which never saw the zero vectors."""
    return {
        "npmi_coherence": rounded(metrics.npmi_coherence),
        "topic_diversity": rounded(metrics.topic_diversity),
        "outlier_ratio": rounded(outlier_ratio),
        "silhouette_score": rounded(metrics.silhouette_score),
        "embedding_coherence": rounded(metrics.embedding_coherence),
    }


def _topic(batch: Batch, fit: TopicFit, index: int, size: int, now: datetime) -> Document:
    number, keywords = _number(fit, index), list(dict.fromkeys(fit.topics[index].keywords))[:MAX_KEYWORDS]
    topic: Document = {
        "topicIndex": number,
        "rawLabel": raw_label(number, keywords),
        "keywords": list(keywords),
        "docCount": size,
        **_continued(batch, fit, index, now),
        **_aspect(fit, index),
    }
    return {**topic, **label_of(batch, fit.names[index] if fit.names else "", str(topic["rawLabel"]))}


def _assignments(batch: Batch, fit: TopicFit) -> list[JSON]:
    # `kept` rises, so the order of the items is kept too.
    clustered = fit.labels >= 0
    probabilities = np.clip(fit.probabilities[clustered].astype(np.float64), 0.0, 1.0)
    return [
        {
            "submissionId": batch.submission_ids[position],
            "topicIndex": _number(fit, label),
            "probability": probability,
            **_second(fit, index),
        }
        for index, position, label, probability in zip(
            np.flatnonzero(clustered).tolist(),
            batch.kept[clustered].tolist(),
            fit.labels[clustered].tolist(),
            # + 0.0 turns -0.0 into 0.0
            (probabilities.round(_DECIMALS) + 0.0).tolist(),
            strict=True,
        )
    ]


def _aspect(fit: TopicFit, index: int) -> Document:
    if fit.guidance is None:
        return {}
    match = fit.guidance.matches[index]
    return {
        "aspectLabel": EMERGENT if match.is_emergent else match.label,
        "aspectSimilarity": rounded(match.similarity),
        "isEmergent": match.is_emergent,
        "keywordsMmr": list(fit.guidance.diverse[index]),
    }


def _aspect_mapping(fit: TopicFit) -> Document:
    """Map each topic to its aspect, and what is in no topic to a name of its own."""
    if fit.guidance is None:
        return {}
    mapping: Document = {"-1": {"aspect": OUTLIER, "similarity": 0.0}}
    for index, match in enumerate(fit.guidance.matches):
        aspect = EMERGENT if match.is_emergent else match.label
        mapping[str(_number(fit, index))] = {"aspect": aspect, "similarity": rounded(match.similarity)}
    return {"aspectMapping": mapping}


def _second(fit: TopicFit, index: int) -> Document:
    if fit.second is None:
        return {}
    label = int(fit.second.labels[index])
    if label < 0:
        return {"isMultiTopic": False}
    return {
        "isMultiTopic": True,
        "secondaryTopicIndex": _number(fit, label),
        "secondaryProbability": rounded(fit.second.probabilities[index]),
    }


def _number(fit: TopicFit, index: int) -> int:
    """Give the topicIndex of a topic: its own if it stays or came later, its place in a first fit."""
    return fit.continuity.numbers[index] if fit.continuity is not None else index


def _continued(batch: Batch, fit: TopicFit, index: int, now: datetime) -> Document:
    """Say since when a topic is there, and give it the label that it keeps."""
    if fit.continuity is None or not isinstance(batch.previous, EarlierResult):
        return {}
    label = fit.continuity.raw_labels[index]
    number = fit.continuity.numbers[index]
    since = batch.previous.since.get(number) if number in fit.continuity.kept else None
    return {**({"rawLabel": label} if label else {}), "since": since or timestamp(now)}


def _continuity(batch: Batch, fit: TopicFit) -> Document:
    if fit.continuity is None or not isinstance(batch.previous, EarlierResult):
        return {}
    continuity = fit.continuity
    return {
        "continuity": {
            "previous": batch.previous.name,
            "kept": list(continuity.kept),
            "born": list(continuity.born),
            "faded": list(continuity.faded),
            "moved": continuity.moved,
            "shared": continuity.shared,
            "refit": {"advised": continuity.refit.advised, "why": continuity.refit.why},
        }
    }


def _checked_sizes(batch: Batch, fit: TopicFit) -> list[int]:
    n_kept, n_topics = len(batch.kept), len(fit.topics)
    if fit.labels.shape != (n_kept,) or fit.probabilities.shape != (n_kept,):
        raise inconsistent(f"labels for {len(fit.labels)} of {n_kept} documents")
    if n_topics == 0 or fit.labels.min() < -1 or fit.labels.max() >= n_topics:
        raise inconsistent(f"labels outside its {n_topics} topics")
    if not np.isfinite(fit.probabilities).all():
        raise inconsistent("a probability that is not finite")
    sizes: list[int] = np.bincount(fit.labels[fit.labels >= 0], minlength=n_topics).tolist()
    numbers = range(n_topics) if fit.continuity is None else fit.continuity.numbers
    if len(numbers) != n_topics or len(set(numbers)) != n_topics:
        raise inconsistent("topics without a number of their own")
    if 0 in sizes or sizes != sorted(sizes, reverse=True):
        raise inconsistent("topics that are empty or not by falling size")
    return sizes


def rounded(value: float) -> float:
    """Round to the contract's decimals.

    Raises:
        EngineFailed: it is not finite.
    """
    if not math.isfinite(value):
        raise inconsistent("a metric that is not finite")
    return round(float(value), _DECIMALS) + 0.0


def inconsistent(what: str) -> EngineFailed:
    """Make the error of an outcome that contradicts itself."""
    return EngineFailed(f"the engine gave {what}", Stage.EVALUATE, poisoned=False)


def timestamp(now: datetime) -> str:
    """Write an aware time as the contract does: UTC, milliseconds, Z."""
    return now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
