"""Take a batch of new documents into a model: find new topics, assign each document by itself, add it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from worker.models.absorbing import Arrivals, absorbed, retired
from worker.models.assignment import Assignment, assign
from worker.models.births import Beside, Newcomers, assign_beside, newcomers
from worker.models.building import Origin
from worker.models.capping import Capped, followed, join_topics, with_few_parts
from worker.models.drift import Drift, drift
from worker.models.fitting import fit_documents
from worker.models.keywords import TopicWords
from worker.models.measuring import measured
from worker.models.model import FEWEST_IN_PART, Documents, KeptModel, KeptTopic
from worker.models.shift import half_of
from worker.models.terms import added, pruned, terms_of_batch
from worker.topics.adaptation import adapt
from worker.topics.arrays import FloatArray, IntArray
from worker.topics.engine import Engine
from worker.topics.fit import NoTopics, OnStage, TopicMetrics, TopicParams
from worker.topics.preparation import Preparation
from worker.topics.words.vocabulary import Vocabulary


@dataclass(frozen=True, eq=False)
class Updated:
    """A model with a batch taken in, and what became of the batch.

    Attributes:
        model: the new one.
        labels: (n,) int64, numbers of its topics in the order of the batch, -1 for outliers.
        probabilities: (n,) float32 in [0, 1], 0 for outliers.
        born: numbers of the new topics, rising.
        redirects: topics of the model before that became part of another one now, by their number.
        drift: of the batch against the model as it was before.
        metrics: of the batch.
    """

    model: KeptModel
    labels: IntArray
    probabilities: FloatArray
    born: tuple[int, ...]
    redirects: Mapping[int, int]
    drift: Drift
    metrics: TopicMetrics


def update(
    model: KeptModel,
    documents: Documents,
    params: TopicParams,
    *,
    engine: Engine,
    on_stage: OnStage,
    origin: Origin,
) -> Updated:
    """Take a batch into a model; the order of its items does not matter.

    A fit of the batch only says which topics may be new: clusters whose documents are nearer to one another than to
    any topic that is there. Then each document is assigned by itself, to old and new topics alike, and counted. A topic
    learns words and vectors of a batch only if the batch brings it ten documents: the difference of two versions of a
    model would give fewer away.

    Args:
        model: not changed.
        documents: that the model has not seen; their embeddings are of its dimension.
        params: of the fit, and how many topics there may be.
        engine: that fits.
        on_stage: called when a stage of the fit begins and when it ends.
        origin: of the new model.
    """
    preparation = Preparation(documents.texts, documents.embeddings, engine.device)
    order, embeddings = preparation.order, preparation.given
    before = assign(model, embeddings)
    groups = _newcomers(model, documents, params, engine, on_stage, preparation)
    beside = assign_beside(model, groups, embeddings, origin.at)
    ids = [documents.ids[i] for i in order.tolist()]
    arrivals = Arrivals(embeddings, ids, origin.at, model.seen + len(order), model.center)
    vocabulary, _ = preparation.words(params.stop_words)
    capped = _taken_in(model, beside, arrivals, vocabulary, adapt(params, len(order)).n_topics)
    kept = replace(_grown(model, beside, arrivals, capped), parent=origin.parent)
    now = redirected(beside.assignment.labels, capped.redirects)
    labels, probabilities = np.empty_like(before.labels), np.empty_like(before.probabilities)
    labels[order], probabilities[order] = now, beside.assignment.probabilities
    born = tuple(topic.number for topic in beside.topics[beside.n_old :] if topic.number not in capped.redirects)
    known = {topic.number for topic in model.topics}
    redirects = {old: into for old, into in capped.redirects.items() if old in known}
    metrics = measured(kept.topics, now, preparation, vocabulary, engine)
    return Updated(kept, labels, probabilities, born, redirects, drift(model, before, embeddings), metrics)


def _taken_in(model: KeptModel, beside: Beside, arrivals: Arrivals, vocabulary: Vocabulary, most: int) -> Capped:
    """Add the batch to its topics, name them by all that they hold now, and join those that are too many."""
    topics = absorbed(beside, arrivals)
    topics += [topic for topic in model.topics if not topic.can_be_assigned]
    topics.sort(key=lambda topic: topic.number)
    topics = _with_words(topics, beside.assignment.labels, vocabulary)
    topics = [retired(topic, arrivals.at, arrivals.seen) for topic in topics]
    return join_topics(topics, most, model.center)


def _grown(model: KeptModel, beside: Beside, arrivals: Arrivals, capped: Capped) -> KeptModel:
    """Give the model with its new topics, and with the batch counted."""
    has_born = beside.n_old < len(beside.topics)
    n_outliers = int(np.sum(beside.assignment.labels < 0))
    return replace(
        model,
        topics=tuple(with_few_parts(capped.topics)),
        highest=max([model.highest, *(topic.number for topic in beside.topics)]),
        redirects=followed(model.redirects, capped.redirects),
        seen=arrivals.seen,
        baseline=_baseline(model, beside.assignment, capped, starts_anew=has_born),
        baseline_outliers=n_outliers if has_born else model.baseline_outliers + n_outliers,
        half=half_of(arrivals.embeddings) if has_born else model.half + half_of(arrivals.embeddings),
    )


def redirected(labels: IntArray, redirects: Mapping[int, int]) -> IntArray:
    """Follow redirects: (n,) int64."""
    now = labels.copy()
    for old, into in redirects.items():
        now[labels == old] = into
    return now


def _newcomers(
    model: KeptModel,
    documents: Documents,
    params: TopicParams,
    engine: Engine,
    on_stage: OnStage,
    preparation: Preparation,
) -> list[Newcomers]:
    """Fit the batch by itself and find its new topics; none if there are too few documents for one."""
    if len(documents.texts) < FEWEST_IN_PART:
        return []
    fit = fit_documents(documents, preparation, params, engine, on_stage)
    if isinstance(fit, NoTopics):
        return []
    keywords = [topic.keywords for topic in fit.topics]
    # In a small batch a small group is a cluster; to be a topic of the model it has to be one among all that was seen.
    fewest = adapt(params, model.seen + len(documents.texts)).min_cluster_size
    return newcomers(model, fit.labels[preparation.order], keywords, preparation.given, fewest)


def _with_words(topics: Sequence[KeptTopic], labels: IntArray, vocabulary: Vocabulary) -> list[KeptTopic]:
    """Add the words of a batch to its topics, and name them by all that they hold now."""
    numbers = [topic.number for topic in topics]
    arrived = terms_of_batch(labels, numbers, vocabulary)
    terms = pruned([added(topic.terms, new) for topic, new in zip(topics, arrived, strict=True)])
    words = TopicWords(terms)
    named = []
    for place, (topic, own) in enumerate(zip(topics, terms, strict=True)):
        now = replace(topic, terms=own)
        if arrived[place]:
            keywords = words.keywords(place, topic.keywords)
            label = words.label(place, topic.raw_label, topic.number, keywords)
            now = replace(now, keywords=keywords, raw_label=label)
        named.append(now)
    return named


def _baseline(model: KeptModel, assignment: Assignment, capped: Capped, *, starts_anew: bool) -> dict[int, int]:
    """Count the documents of each topic; of earlier ones only if they had the same topics to choose from."""
    labels = redirected(assignment.labels, capped.redirects)
    before = {topic.number: 0 for topic in capped.topics}
    if not starts_anew:
        for number, count in sorted(model.baseline.items()):
            before[capped.redirects.get(number, number)] += count
    return {number: count + int(np.sum(labels == number)) for number, count in before.items()}
