"""The task of `topic-model.update`: add a batch to the model of a tenant, or begin one."""

from datetime import UTC, datetime

from worker.contract.envelope import Rejection
from worker.contract.result import Document
from worker.contract.rules import Params
from worker.contract.too_few import too_few_to_fit
from worker.lifecycle import models
from worker.lifecycle.changing import made_of
from worker.lifecycle.documents import documents_of, origin_of
from worker.lifecycle.embedding import with_embeddings
from worker.lifecycle.events import OnEvent
from worker.lifecycle.fitting import FirstFit
from worker.lifecycle.keeping import Made, keep
from worker.lifecycle.refusal import ModelRefusal
from worker.lifecycle.task import UpdateModel
from worker.lifecycle.watched_store import WatchedStore
from worker.models.updating import update
from worker.store.activation import Activation
from worker.topics.engine import Engine
from worker.topics.fit import NoTopics
from worker.topics.stages import StageClock


def run(task: UpdateModel, engine: Engine, on_event: OnEvent) -> Document | NoTopics | ModelRefusal | Rejection:
    """Add the batch to the active model, or fit the first one; see `keep` for what is raised."""
    completed_task = with_embeddings(task, engine, on_event)
    if isinstance(completed_task, NoTopics):
        return completed_task
    task, batch, clock = completed_task, completed_task.batch, StageClock(on_event)
    store = WatchedStore(task.store, task.tenant, on_event)
    first = FirstFit(task, engine, on_event)

    def make(base: Activation | None) -> Made | NoTopics | ModelRefusal | Rejection:
        if base is None:
            params = Params(min_topic_size=batch.params.min_cluster_size)
            error = too_few_to_fit(batch.n_items, len(batch.kept), params)
            clock.finish()
            return first.made(None) if error is None else Rejection(error, batch.correlation)
        model = models.load_active(store, base)
        refusal = models.refused_embeddings(store, model, batch, engine)
        if refusal is not None:
            return refusal
        clock.finish()
        now = datetime.now(UTC)
        origin = origin_of(now, base.version)
        done = update(model, documents_of(batch), batch.params, engine=engine, on_stage=on_event, origin=origin)
        return made_of(batch, done, now)

    document: Document | NoTopics | ModelRefusal | Rejection = keep(task, store, clock, make)
    clock.finish()
    return document
