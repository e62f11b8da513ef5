"""Change the active model of a tenant by a batch: what an update and a rebuild have in common."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from worker.contract.envelope import Batch
from worker.contract.model_result import Changes, Placed, updated
from worker.contract.result import Document
from worker.labels.labeller import Labeller
from worker.lifecycle import models
from worker.lifecycle.documents import documents_of, origin_of
from worker.lifecycle.embedding import embedding_model_of
from worker.lifecycle.events import OnEvent
from worker.lifecycle.foreign import warn_of_foreign
from worker.lifecycle.keeping import Made, keep
from worker.lifecycle.labelling import named_model
from worker.lifecycle.model_refusal import ModelRefusal
from worker.lifecycle.task import ModelTask
from worker.lifecycle.watched_store import WatchedStore
from worker.models.building import Origin
from worker.models.model import Documents, KeptModel
from worker.models.updating import Updated
from worker.store.activation import Activation
from worker.topics.engine import Engine
from worker.topics.fit import NoTopics, OnStage, TopicParams
from worker.topics.stages import StageClock

_Answer = TypeVar("_Answer")


class Compute(Protocol):
    """Makes a model of another one and a batch; see `update` and `rebuild`."""

    def __call__(
        self,
        model: KeptModel,
        documents: Documents,
        params: TopicParams,
        *,
        engine: Engine,
        on_stage: OnStage,
        origin: Origin,
    ) -> Updated | NoTopics:
        """Give the new model and what became of the batch, or why there are no topics."""


def change(
    task: ModelTask,
    engine: Engine,
    on_event: OnEvent,
    labeller: Labeller,
    compute: Compute,
    begin: Callable[[], Made | _Answer],
) -> Document | NoTopics | ModelRefusal | _Answer:
    """Make a model of the active one and the batch, keep it and make it active; see `keep` for what is raised.

    Args:
        task: the batch, and whose model is meant.
        engine: that fits.
        on_event: takes what there is to tell.
        labeller: names new topics, if the batch asks for names.
        compute: makes the new model.
        begin: is called if the tenant has no model; what is no `Made` is given back as it is.
    """
    batch, clock = task.batch, StageClock(on_event)
    store = WatchedStore(task.store, task.tenant, on_event)

    def make(base: Activation | None) -> Made | NoTopics | ModelRefusal | _Answer:
        if base is None:
            clock.finish()
            return begin()
        model = models.load_active(store, base)
        refusal = models.refused_embeddings(store, model, batch, engine)
        if refusal is not None:
            return refusal
        clock.finish()
        now = datetime.now(UTC)
        origin = origin_of(now, base.version, embedding_model_of(batch, engine))
        done = compute(model, documents_of(batch), batch.params, engine=engine, on_stage=on_event, origin=origin)
        if isinstance(done, NoTopics):
            return done
        warn_of_foreign(done.drift, on_event, added_to=task.tenant)
        if batch.labels:
            done = named_model(done, batch, labeller)
        return _made_of(batch, done, now)

    document: Document | NoTopics | ModelRefusal | _Answer = keep(task, store, clock, make)
    clock.finish()
    return document


def _made_of(batch: Batch, done: Updated, now: datetime) -> Made:
    """Give the model and the result; retired topics stand in it only if a comment of the batch is in them.

    Raises:
        EngineFailed: what was done contradicts itself or the batch: a bug.
    """
    in_batch = set(done.labels.tolist())
    topics = [topic for topic in done.model.topics if not topic.retired or topic.number in in_batch]
    placed = Placed(done.labels, done.probabilities, topics)
    changes = Changes(done.born, done.redirects, done.metrics, done.drift)
    return Made(done.model, updated(batch, placed, changes, now))
