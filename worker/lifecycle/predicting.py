"""The task of `topic-model.predict`: assign a batch to the topics of a kept model; imports nothing that fits."""

from datetime import UTC, datetime

from worker.contract.model_result import Placed, predicted
from worker.contract.result import Document
from worker.lifecycle import models
from worker.lifecycle.embedding import Host, with_embeddings
from worker.lifecycle.events import OnEvent
from worker.lifecycle.refusal import ModelRefusal
from worker.lifecycle.stages import ModelStage
from worker.lifecycle.task import PredictTopics
from worker.lifecycle.watched_store import WatchedStore
from worker.models.assignment import assign
from worker.models.drift import drift
from worker.topics.fit import NoTopics
from worker.topics.stages import StageClock


def run(task: PredictTopics, host: Host, on_event: OnEvent) -> Document | ModelRefusal | NoTopics:
    """Assign the batch to the version that it names, or to the active one.

    Raises:
        StoreUnavailable, StoreCorrupt, BrokenModel: the model cannot be read.
    """
    completed_task = with_embeddings(task, host, on_event)
    if isinstance(completed_task, NoTopics):
        return completed_task
    task, batch, clock = completed_task, completed_task.batch, StageClock(on_event)
    store = WatchedStore(task.store, task.tenant, on_event)
    clock.enter(ModelStage.LOAD)
    named = batch.model.version if batch.model is not None else None
    found = models.find(store, named, batch, host)
    if isinstance(found, ModelRefusal):
        clock.finish()
        return found
    version, model = found
    clock.note(version=version)
    clock.enter(ModelStage.ASSIGN)
    assignment = assign(model, batch.embeddings)
    placed = Placed(assignment.labels, assignment.probabilities, model.topics)
    document = predicted(batch, placed, drift(model, assignment.labels), version, datetime.now(UTC))
    clock.note(documents=len(assignment.labels), topics=len(document["topics"]))  # type: ignore[arg-type]
    clock.finish()
    return document
