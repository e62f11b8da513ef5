"""Names of topics for people: those that a topic has stay, and a language model is asked for the others.

It is asked in the compute process, after the fit and before a model is kept: so the names are kept with the model, a
retry gives them again, and a cancelled job ends at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from worker.contract.envelope import Batch
from worker.labels.labeller import Labeller
from worker.labels.naming import Unnamed
from worker.labels.question import MAX_SAMPLES
from worker.labels.service import LabelService
from worker.lifecycle.events import OnEvent
from worker.lifecycle.task import LabelledFit
from worker.models.updating import Updated
from worker.topics.arrays import BoolArray, FloatArray
from worker.topics.engine import Engine, fit_batch
from worker.topics.fit import BatchWarning, NoTopics, TopicFit


def run(task: LabelledFit, engine: Engine, on_event: OnEvent) -> tuple[TopicFit | NoTopics, ...]:
    """Fit the batch and name its topics."""
    labeller = labeller_of(task.labels, on_event)
    return tuple(
        fit if isinstance(fit, NoTopics) else named_fit(fit, task.fit.texts, task.known, labeller)
        for fit in fit_batch(task.fit, engine, on_event)
    )


def labeller_of(service: LabelService | None, on_event: OnEvent) -> Labeller:
    """Give what asks for the names of one job; its time limit holds for all that it is asked."""
    return Labeller(service, lambda line: on_event(BatchWarning(line)))


def named_fit(fit: TopicFit, texts: Sequence[str], known: Mapping[int, str], labeller: Labeller) -> TopicFit:
    """Name the topics of a fit.

    Args:
        fit: of the texts.
        texts: (n,) in the order of the fit.
        known: names that topics of an earlier fit have, by their number.
        labeller: is asked for the others.
    """
    n_topics = len(fit.topics)
    numbers = list(range(n_topics)) if fit.continuity is None else list(fit.continuity.numbers)
    kept = set() if fit.continuity is None else set(fit.continuity.kept)
    names = {number: known[number] for number in numbers if number in kept and number in known}
    unnamed = [
        Unnamed(number, topic.keywords, _samples(fit.labels == index, fit.probabilities, texts, labeller))
        for index, (number, topic) in enumerate(zip(numbers, fit.topics, strict=True))
        if number not in names
    ]
    names |= labeller.ask(unnamed, tuple(names.values()))
    return replace(fit, names=tuple(names.get(number, "") for number in numbers))


def named_model(done: Updated, batch: Batch, labeller: Labeller) -> Updated:
    """Name the topics of a model that have no name yet, and are in its reports.

    Args:
        done: the model, and where the batch is in it.
        batch: that was added to it.
        labeller: is asked.
    """
    topics, in_batch = done.model.topics, set(done.labels.tolist())
    unnamed = [
        Unnamed(
            topic.number,
            topic.keywords,
            _samples(done.labels == topic.number, done.probabilities, batch.texts, labeller),
        )
        for topic in topics
        if not topic.label and (not topic.retired or topic.number in in_batch)
    ]
    names = labeller.ask(unnamed, [topic.label for topic in topics if topic.label])
    named = tuple(replace(topic, label=names.get(topic.number, topic.label)) for topic in topics)
    return replace(done, model=replace(done.model, topics=named))


def _samples(inside: BoolArray, probabilities: FloatArray, texts: Sequence[str], labeller: Labeller) -> tuple[str, ...]:
    """Give the most probable comments of a topic, if they may be sent; of equally probable ones the first."""
    if not labeller.wants_samples:
        return ()
    members = np.flatnonzero(inside)
    best = members[np.argsort(-probabilities[members], kind="stable")][:MAX_SAMPLES]
    return tuple(texts[i] for i in best.tolist())
