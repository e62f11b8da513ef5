"""Find the topics of a window of recent documents anew, and carry the numbers of the old ones over."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from worker.models.assignment import assign
from worker.models.building import Name, Origin, build_named
from worker.models.capping import followed
from worker.models.drift import drift
from worker.models.fitting import fit_documents
from worker.models.model import Documents, KeptModel, KeptTopic
from worker.models.smallest_topic import with_vectors
from worker.models.updating import Updated
from worker.topics.arrays import IntArray
from worker.topics.continuity.label_continuity import still_holds
from worker.topics.continuity.numbering import matched_numbers, with_new_numbers
from worker.topics.engine import Engine
from worker.topics.fit import NoTopics, OnStage, TopicFit, TopicParams
from worker.topics.preparation import Preparation
from worker.topics.raw_labels import raw_label
from worker.topics.words.vocabulary import Vocabulary


def rebuild(
    model: KeptModel,
    documents: Documents,
    params: TopicParams,
    *,
    engine: Engine,
    on_stage: OnStage,
    origin: Origin,
) -> Updated | NoTopics:
    """Make a model of a window of documents alone; its topics are those of the old one as far as they match.

    A topic found anew has the number of the old one to which the old model assigns most of the same documents. An old
    topic whose documents are now in another one is redirected there; one that is gone is retired without a vector.

    Args:
        model: the old one; not changed.
        documents: of the window; the model may have seen them.
        params: of the fit.
        engine: that fits.
        on_stage: called when a stage of the fit begins and when it ends.
        origin: of the new model.

    Returns:
        The new model and where the documents are in it, or why there are no topics.
    """
    preparation = Preparation(documents.texts, documents.embeddings, engine.device)
    wanted = with_vectors(params, len(documents.texts))
    fit = fit_documents(documents, preparation, wanted, engine, on_stage)
    if isinstance(fit, NoTopics):
        return fit
    assignment = assign(model, documents.embeddings)
    before = assignment.labels
    numbers = with_new_numbers(matched_numbers(fit.labels, before, len(fit.topics)), model.highest)
    vocabulary, _ = preparation.words(params.stop_words)
    names = _names(model, fit, numbers, fit.labels[preparation.order], vocabulary, origin.at)
    fresh = build_named(fit, documents, origin, names)
    labels = np.where(fit.labels >= 0, numbers[fit.labels], -1)
    redirects = _redirects(model, before, labels, set(numbers.tolist()))
    gone = [topic for topic in model.topics if topic.number not in {*numbers.tolist(), *redirects}]
    kept = replace(
        fresh,
        topics=tuple(sorted([*fresh.topics, *map(_without_vector, gone)], key=lambda topic: topic.number)),
        highest=max(model.highest, fresh.highest),
        redirects=followed(model.redirects, redirects),
    )
    old = {topic.number for topic in model.topics}
    born = tuple(sorted(set(numbers.tolist()) - old))
    change = drift(model, assignment, documents.embeddings)
    return Updated(kept, labels, fit.probabilities, born, redirects, change, fit.metrics)


def _names(
    model: KeptModel, fit: TopicFit, numbers: IntArray, labels: IntArray, vocabulary: Vocabulary, at: str
) -> list[Name]:
    """Name the topics: an old one keeps when it was born and what people call it, and its label while that holds."""
    old = {topic.number: topic for topic in model.topics}
    names = []
    for row, (number, topic) in enumerate(zip(numbers.tolist(), fit.topics, strict=True)):
        label, earlier = raw_label(number, topic.keywords), old.get(number)
        if earlier is None:
            names.append(Name(number, label, at))
            continue
        if still_holds(earlier.raw_label, list(topic.keywords), labels == row, vocabulary):
            label = earlier.raw_label
        names.append(Name(number, label, earlier.born, earlier.label))
    return names


def _redirects(model: KeptModel, before: IntArray, labels: IntArray, present: set[int]) -> Mapping[int, int]:
    """Lead each old topic that is not there any more to the one that holds most of its documents, if that is so."""
    redirects = {}
    for topic in model.topics:
        into, counts = np.unique(labels[(before == topic.number) & (labels >= 0)], return_counts=True)
        if topic.number not in present and len(into) and 2 * counts.max() > counts.sum():
            redirects[topic.number] = int(into[counts.argmax()])
    return redirects


def _without_vector(topic: KeptTopic) -> KeptTopic:
    return replace(
        topic,
        part_sums=topic.part_sums[:0],
        part_counts=topic.part_counts[:0],
        closeness=np.zeros_like(topic.closeness),
        retired=True,
    )
