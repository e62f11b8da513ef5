"""The task of `topic-model.rebuild`: find topics anew in recent comments, and carry the numbers over."""

from datetime import UTC, datetime

from worker.contract.result import Document
from worker.lifecycle import models
from worker.lifecycle.changing import made_of
from worker.lifecycle.documents import documents_of, origin_of
from worker.lifecycle.embedding import embedding_model_of, with_embeddings
from worker.lifecycle.events import OnEvent
from worker.lifecycle.keeping import Made, keep
from worker.lifecycle.refusal import ModelRefusal, Reason
from worker.lifecycle.task import RebuildModel
from worker.lifecycle.watched_store import WatchedStore
from worker.models.rebuilding import rebuild
from worker.store.activation import Activation
from worker.topics.engine import Engine
from worker.topics.fit import NoTopics
from worker.topics.stages import StageClock


def run(task: RebuildModel, engine: Engine, on_event: OnEvent) -> Document | NoTopics | ModelRefusal:
    """Fit the batch and carry the numbers of the active model over; see `keep` for what is raised."""
    completed_task = with_embeddings(task, engine, on_event)
    if isinstance(completed_task, NoTopics):
        return completed_task
    task, batch, clock = completed_task, completed_task.batch, StageClock(on_event)
    store = WatchedStore(task.store, task.tenant, on_event)

    def make(base: Activation | None) -> Made | NoTopics | ModelRefusal:
        if base is None:
            return ModelRefusal(Reason.NO_MODEL, store.tenant)
        model = models.load_active(store, base)
        refusal = models.refused_embeddings(store, model, batch, engine)
        if refusal is not None:
            return refusal
        clock.finish()
        now = datetime.now(UTC)
        origin = origin_of(now, base.version, embedding_model_of(batch, engine))
        done = rebuild(model, documents_of(batch), batch.params, engine=engine, on_stage=on_event, origin=origin)
        return done if isinstance(done, NoTopics) else made_of(batch, done, now)

    document: Document | NoTopics | ModelRefusal = keep(task, store, clock, make)
    clock.finish()
    return document
