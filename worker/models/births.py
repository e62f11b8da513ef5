"""Which clusters of a batch are topics that a model does not have yet."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from worker.models.assignment import Assignment, assignable, assigned
from worker.models.building import Name, draft_topics
from worker.models.closeness import Parts, histogram
from worker.models.model import FEWEST_IN_PART, OUTLIER, KeptModel, KeptTopic
from worker.topics.arrays import DoubleArray, FloatArray, IntArray
from worker.topics.continuity.newcomers import is_own_topic
from worker.topics.continuity.numbering import with_new_numbers
from worker.topics.continuity.part_comparison import unit
from worker.topics.raw_labels import raw_label


@dataclass(frozen=True, eq=False)
class Beside:
    """A batch, assigned to the topics of a model and to new ones beside them.

    Attributes:
        topics: that documents can be assigned to, the model's first; the new ones have no terms and
            no documents yet.
        n_old: how many of them are the model's.
        parts: of the topics.
        closeness: (n, k) of each document to each part, leave-one-out for the documents that made a new topic.
        assignment: of the batch.
    """

    topics: list[KeptTopic]
    n_old: int
    parts: Parts
    closeness: DoubleArray
    assignment: Assignment


@dataclass(frozen=True, eq=False)
class Newcomers:
    """A cluster that is a topic of its own: its documents, (m,) int64, and the keywords that the fit gave it."""

    members: IntArray
    keywords: tuple[str, ...]


def newcomers(
    model: KeptModel, clusters: IntArray, keywords: Sequence[tuple[str, ...]], embeddings: FloatArray, fewest: int
) -> list[Newcomers]:
    """Find the clusters of a batch that are topics of their own; each is also compared with those found before it.

    Args:
        model: not changed.
        clusters: (n,) int64, from 0 on, -1 for outliers.
        keywords: of each cluster.
        embeddings: (n, d) float32, L2-normalized, in canonical order.
        fewest: documents of a topic.

    Returns:
        The largest first.
    """
    topics = assignable(model.topics)
    directions = [Parts.of(topics, model.center).directions] if topics else []
    means = [unit((topic.mean - model.center)[None]) for topic in topics]
    numbers, sizes = np.unique(clusters[clusters >= 0], return_counts=True)
    found: list[Newcomers] = []
    for cluster in numbers[np.lexsort((numbers, -sizes))][np.sort(sizes)[::-1] >= max(fewest, FEWEST_IN_PART)].tolist():
        members = np.flatnonzero(clusters == cluster)
        own = embeddings[members].astype(np.float64) - model.center
        if means and not is_own_topic(own, np.concatenate(means), np.concatenate(directions)):
            continue
        found.append(Newcomers(members, keywords[cluster]))
        means.append(unit(own.mean(axis=0, keepdims=True)))
        labels = np.zeros(len(members), dtype=np.int64)
        drafts, _ = draft_topics(labels, embeddings[members], model.center, [Name(0, "", "")])
        directions.append(Parts.of(drafts, model.center).directions)
    return found


def assign_beside(model: KeptModel, groups: Sequence[Newcomers], embeddings: FloatArray, at: str) -> Beside:
    """Assign a batch to the topics of a model and to new ones, which get numbers that were never used.

    A new topic that hardly a document of the batch is assigned to is none.

    Args:
        model: not changed.
        groups: what makes each new topic.
        embeddings: (n, d) float32, L2-normalized, in canonical order.
        at: when the new topics are born.
    """
    old, kept = assignable(model.topics), list(groups)
    while True:
        labels = np.full(len(embeddings), OUTLIER, dtype=np.int64)
        for index, group in enumerate(kept):
            labels[group.members] = index
        numbers = with_new_numbers(np.full(len(kept), OUTLIER, dtype=np.int64), model.highest)
        names = [
            Name(number, raw_label(number, group.keywords), at)
            for number, group in zip(numbers.tolist(), kept, strict=True)
        ]
        drafts, part = draft_topics(labels, embeddings, model.center, names)
        topics = [*old, *drafts]
        parts = Parts.of(topics, model.center)
        first = len(parts.counts) - sum(len(topic.part_counts) for topic in drafts)
        closeness = parts.closeness(embeddings, np.where(part >= 0, part + first, OUTLIER))
        by_topic = parts.by_topic(closeness)
        topics[len(old) :] = [
            replace(
                topic,
                n=0,
                keywords=kept[index].keywords,
                closeness=histogram(by_topic[labels == index, len(old) + index]),
            )
            for index, topic in enumerate(drafts)
        ]
        assignment = assigned(topics, by_topic, model.temperature)
        sizes = [int(np.sum(assignment.labels == number)) for number in numbers.tolist()]
        if min(sizes, default=FEWEST_IN_PART) >= FEWEST_IN_PART:
            return Beside(topics, len(old), parts, closeness, assignment)
        kept.pop(int(np.argmin(sizes)))
