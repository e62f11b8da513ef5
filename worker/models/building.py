"""A kept model made of a fit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from worker.models.assignment import assignable, assigned
from worker.models.capping import with_few_parts
from worker.models.closeness import N_BINS, Parts, histogram
from worker.models.model import (
    FEWEST_IN_PART,
    OUTLIER,
    UNKNOWN_MODEL,
    Documents,
    KeptModel,
    KeptTopic,
    Sample,
    closest,
)
from worker.models.partition import divide, sums_of
from worker.models.shift import half_of
from worker.models.temperature import fit_temperature
from worker.models.terms import terms_of_fit
from worker.topics.arrays import DoubleArray, FloatArray, IntArray
from worker.topics.corpus import canonical_order
from worker.topics.fit import TopicFit
from worker.topics.raw_labels import raw_label


@dataclass(frozen=True)
class Origin:
    """Where a model comes from.

    Attributes:
        at: when it was made, ISO 8601 in UTC, so that times sort as their strings do.
        parent: the version that it was made from; "" for none.
        embedding_model: what made the embeddings.
    """

    at: str
    parent: str = ""
    embedding_model: str = UNKNOWN_MODEL


@dataclass(frozen=True)
class Name:
    """How a topic of a fit is known: its number, its label, when it was born, and a name for people."""

    number: int
    raw_label: str
    born: str
    label: str = ""


def build(fit: TopicFit, documents: Documents, origin: Origin) -> KeptModel:
    """Make the first model of a tenant.

    The topics have the numbers that the result gives them: those of an earlier fit if the fit continued one.

    Args:
        fit: of these documents, with its traits (`keep=True`).
        documents: in the order in which they were fitted; the order does not matter.
        origin: of the model.
    """
    numbers = range(len(fit.topics)) if fit.continuity is None else fit.continuity.numbers
    labels = [None] * len(numbers) if fit.continuity is None else fit.continuity.raw_labels
    for_people = fit.names or ("",) * len(numbers)
    names = [
        Name(number, label or raw_label(number, topic.keywords), origin.at, name)
        for number, label, topic, name in zip(numbers, labels, fit.topics, for_people, strict=True)
    ]
    model = build_named(fit, documents, origin, names)
    faded = () if fit.continuity is None else fit.continuity.faded
    return replace(model, highest=max([model.highest, *faded]))


def build_named(fit: TopicFit, documents: Documents, origin: Origin, names: Sequence[Name]) -> KeptModel:
    """Make a model of a fit whose topics are named.

    Args:
        fit: of these documents, with its traits.
        documents: in the order in which they were fitted.
        origin: of the model.
        names: of each topic of the fit.
    """
    order = canonical_order(documents.texts, documents.embeddings)
    embeddings, labels = documents.embeddings[order], fit.labels[order]
    drafts, part = draft_topics(labels, embeddings, embeddings.mean(axis=0, dtype=np.float64), names)
    center = _center(drafts, embeddings)
    parts = Parts.of(assignable(drafts), center)
    closeness = parts.closeness_to_topics(embeddings, part)
    inside = np.flatnonzero(part >= 0)
    row = np.searchsorted(parts.starts, part[inside], side="right") - 1
    ids = [documents.ids[i] for i in order[inside].tolist()]
    topics = _described(drafts, row, closeness[inside, row], ids)
    topics = [
        replace(topic, keywords=own.keywords, terms=terms, last_seen_at=len(order))
        for topic, own, terms in zip(topics, fit.topics, terms_of_fit(fit), strict=True)
    ]
    temperature = fit_temperature(closeness[inside], row)
    found = assigned(assignable(topics), closeness, temperature).labels
    return KeptModel(
        topics=tuple(sorted(with_few_parts(topics), key=lambda topic: topic.number)),
        highest=max((name.number for name in names), default=OUTLIER),
        redirects={},
        center=center,
        seen=len(order),
        fitted=len(order),
        temperature=temperature,
        baseline={topic.number: int(np.sum(found == topic.number)) for topic in topics},
        baseline_outliers=int(np.sum(found < 0)),
        half=half_of(embeddings),
        parameters=dict(fit.parameters),
        encoder=fit.encoder,
        embedding_model=origin.embedding_model,
        parent=origin.parent,
    )


def _center(topics: Sequence[KeptTopic], embeddings: FloatArray) -> DoubleArray:
    """Give the mean of the documents in the parts of topics, (d,): it tells nothing that the parts do not tell.

    The mean of all documents would give one away: to who has the models of two windows that differ by one document.
    Without a part the mean of all is left, or the origin if they are too few for a vector.
    """
    n = sum(int(topic.part_counts.sum()) for topic in topics)
    if n:
        sums: DoubleArray = np.sum([topic.part_sums.sum(axis=0) for topic in topics], axis=0)
        return sums / n
    everything: DoubleArray = embeddings.mean(axis=0, dtype=np.float64)
    return everything if len(embeddings) >= FEWEST_IN_PART else np.zeros_like(everything)


def _described(
    drafts: Sequence[KeptTopic], row: IntArray, closeness: DoubleArray, ids: Sequence[str]
) -> list[KeptTopic]:
    """Add what the documents that are in parts tell of their topics.

    Args:
        drafts: topics with their parts.
        row: (m,) int64, the place of each document's topic among those that have a part.
        closeness: (m,) leave-one-out, to that topic.
        ids: (m,) submission ids.
    """
    described, place = [], 0
    for topic in drafts:
        own = np.flatnonzero(row == place) if topic.can_be_assigned else np.empty(0, dtype=np.int64)
        samples = [Sample(ids[i], float(closeness[i])) for i in own.tolist()]
        described.append(replace(topic, closeness=histogram(closeness[own]), samples=closest(samples)))
        place += topic.can_be_assigned
    return described


def draft_topics(
    labels: IntArray, embeddings: FloatArray, center: DoubleArray, names: Sequence[Name]
) -> tuple[list[KeptTopic], IntArray]:
    """Divide topics into parts and add up the documents of each.

    Args:
        labels: (n,) int64, index into `names`, -1 for outliers.
        embeddings: (n, d) float32, L2-normalized, in canonical order.
        center: (d,) float64, the center of the model.
        names: of the topics.

    Returns:
        The topics, as yet without keywords, terms, closeness and samples; and for each document, (n,) int64, its place
        among all the parts, -1 for documents that are in none.
    """
    topics, part, n_parts = [], np.full(len(labels), OUTLIER, dtype=np.int64), 0
    for index, name in enumerate(names):
        members = np.flatnonzero(labels == index)
        own = divide(embeddings[members], center)
        sums, counts = sums_of(own, embeddings[members], int(own.max(initial=OUTLIER)) + 1)
        part[members] = np.where(own >= 0, own + n_parts, OUTLIER)
        n_parts += len(counts)
        topics.append(
            KeptTopic(
                number=name.number,
                born=name.born,
                last_seen=name.born,
                last_seen_at=0,
                n=len(members),
                raw_label=name.raw_label,
                keywords=(),
                part_sums=sums,
                part_counts=counts,
                closeness=np.zeros(N_BINS, dtype=np.int64),
                terms={},
                samples=(),
                label=name.label,
            )
        )
    return topics, part
