"""The task of `topic-model` with `model`: fit a batch and keep its model."""

from dataclasses import replace
from datetime import UTC, datetime

from worker.contract.previous import NOT_HAD, EarlierResult
from worker.contract.result import Document, completed
from worker.lifecycle.documents import documents_of, origin_of
from worker.lifecycle.events import OnEvent
from worker.lifecycle.keeping import Made, keep
from worker.lifecycle.refusal import ModelRefusal
from worker.lifecycle.task import FitModel, ModelTask
from worker.lifecycle.watched_store import WatchedStore
from worker.models.building import build
from worker.models.fitting import with_vectors
from worker.store.activation import Activation
from worker.topics.engine import Engine, fit_batch
from worker.topics.fit import NoTopics
from worker.topics.stages import StageClock
from worker.topics.task import FitBatch


class FirstFit:
    """A fit of a batch, made when it is first wanted; a lost race does not repeat it, as it depends on no model."""

    def __init__(self, task: ModelTask, engine: Engine, on_event: OnEvent) -> None:
        """Take what is to be fitted, and by whom."""
        self._task = task
        self._engine = engine
        self._on_event = on_event
        self._made: Made | NoTopics | None = None

    def made(self, base: Activation | None) -> Made | NoTopics:
        """Give the model; `base` is the entry that it is to follow."""
        if self._made is None:
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
        params = with_vectors(batch.params, len(batch.kept))
        fit = FitBatch(batch.texts, batch.embeddings, (params,), keep=True, earlier=earlier)
        (outcome,) = fit_batch(fit, self._engine, self._on_event)
        if isinstance(outcome, NoTopics):
            return outcome
        now = datetime.now(UTC)
        model = build(outcome, documents_of(batch), origin_of(now, ""))
        return Made(model, completed(batch, outcome, now=now))


def run(task: FitModel, engine: Engine, on_event: OnEvent) -> Document | NoTopics | ModelRefusal:
    """Fit the batch, keep its model and make it active; see `keep` for what is raised."""
    clock = StageClock(on_event)
    store = WatchedStore(task.store, task.tenant, on_event)
    first = FirstFit(task, engine, on_event)

    def make(base: Activation | None) -> Made | NoTopics:
        clock.finish()
        return first.made(base)

    document = keep(task, store, clock, make)
    clock.finish()
    return document
