"""The task of `topic-model` with `model`: fit a batch and keep its model."""

from dataclasses import replace
from datetime import UTC, datetime

from worker.contract.previous import NOT_HAD, EarlierResult
from worker.contract.result import Document, completed
from worker.labels.labeller import Labeller
from worker.lifecycle import models
from worker.lifecycle.documents import documents_of, origin_of
from worker.lifecycle.embedding import embedding_model_of, with_embeddings
from worker.lifecycle.events import OnEvent
from worker.lifecycle.keeping import Made, keep
from worker.lifecycle.labelling import labeller_of, named_fit
from worker.lifecycle.model_refusal import ModelRefusal
from worker.lifecycle.task import FitModel, InspectedFit, InspectedModel, ModelTask
from worker.lifecycle.watched_store import WatchedStore
from worker.models.building import build
from worker.models.smallest_topic import with_vectors
from worker.store.activation import Activation
from worker.topics.engine import Engine, fit_batch
from worker.topics.fit import NoTopics, TopicFit
from worker.topics.stages import StageClock
from worker.topics.task import FitBatch


class FirstFit:
    """A fit of a batch, made when it is first wanted.

    It depends on no model but for the numbers of new topics beside those of `previous`: a lost race repeats it only if
    the winner has used higher ones.

    Attributes:
        fit: as soon as it was made; None if there are no topics.
    """

    def __init__(self, task: ModelTask, engine: Engine, on_event: OnEvent, labeller: Labeller) -> None:
        """Take what is to be fitted, by whom, and who names the topics if the batch asks for names."""
        self.fit: TopicFit | None = None
        self._task = task
        self._inspected = task if isinstance(task, InspectedFit) else None
        self._engine = engine
        self._on_event = on_event
        self._made: Made | NoTopics | None = None
        self._highest = -1
        self._labeller = labeller

    def made(self, base: Activation | None, highest: int = -1) -> Made | NoTopics:
        """Give the model.

        Args:
            base: the entry that it is to follow.
            highest: the highest number that the tenant's models have used; new topics beside those of `previous` get
                higher ones.
        """
        if self._made is None or highest > self._highest:
            self._highest = highest
            self._made = self._make()
        if isinstance(self._made, NoTopics):
            return self._made
        model = replace(self._made.model, parent=base.version if base else "")
        return Made(model, self._made.document)

    def _make(self) -> Made | NoTopics:
        batch = self._task.batch
        earlier = None
        if batch.previous is not None:
            previous = batch.previous if isinstance(batch.previous, EarlierResult) else NOT_HAD
            earlier = previous.topics_of([batch.submission_ids[position] for position in batch.kept.tolist()])
            earlier = replace(earlier, highest=max(earlier.highest, self._highest))
        params = with_vectors(batch.params, len(batch.kept))
        fit = FitBatch(batch.texts, batch.embeddings, (params,), keep=True, earlier=earlier)
        if self._inspected is not None:
            diagnose = self._inspected.diagnose
            fit = replace(fit, diagnose=diagnose, levers=diagnose, stability=self._inspected.reruns)
        (outcome,) = fit_batch(fit, self._engine, self._on_event)
        if isinstance(outcome, NoTopics):
            return outcome
        if batch.labels:
            known = batch.previous.labels if isinstance(batch.previous, EarlierResult) else {}
            outcome = named_fit(outcome, batch.texts, known, self._labeller)
        now = datetime.now(UTC)
        if self._inspected is None:
            made_by = embedding_model_of(batch, self._engine)
        else:
            made_by = self._inspected.embedding_model
        model = build(outcome, documents_of(batch), origin_of(now, "", made_by))
        self.fit = replace(outcome, traits=None)
        return Made(model, completed(batch, outcome, now=now))


def run(task: FitModel, engine: Engine, on_event: OnEvent) -> Document | NoTopics | ModelRefusal:
    """Fit the batch, keep its model and make it active; see `keep` for what is raised."""
    completed_task = with_embeddings(task, engine, on_event)
    if isinstance(completed_task, NoTopics):
        return completed_task
    first = FirstFit(completed_task, engine, on_event, labeller_of(task.labels, on_event))
    return _kept(completed_task, first, on_event)


def run_inspected(
    task: InspectedFit, engine: Engine, on_event: OnEvent
) -> InspectedModel | Document | NoTopics | ModelRefusal:
    """Do as `run`, and give the fit beside the document; a fit that was kept before is not made again."""
    first = FirstFit(task, engine, on_event, labeller_of(task.labels, on_event))
    outcome = _kept(task, first, on_event)
    return InspectedModel(outcome, first.fit) if isinstance(outcome, dict) and first.fit is not None else outcome


def _kept(task: ModelTask, first: FirstFit, on_event: OnEvent) -> Document | NoTopics | ModelRefusal:
    clock = StageClock(on_event)
    store = WatchedStore(task.store, task.tenant, on_event)

    def make(base: Activation | None) -> Made | NoTopics:
        highest = -1 if base is None or task.batch.previous is None else models.highest_used(store)
        clock.finish()
        return first.made(base, highest)

    document = keep(task, store, clock, make)
    clock.finish()
    return document
