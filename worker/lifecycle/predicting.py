"""The task of `topic-model.predict`: assign a batch to the topics of a kept model; imports nothing that fits."""

from datetime import UTC, datetime

from worker.contract.model_result import Placed, predicted
from worker.contract.result import Document
from worker.lifecycle import models
from worker.lifecycle.events import OnEvent
from worker.lifecycle.foreign import warn_of_foreign
from worker.lifecycle.refusal import ModelRefusal
from worker.lifecycle.stages import ModelStage
from worker.lifecycle.task import PredictTopics
from worker.lifecycle.watched_store import WatchedStore
from worker.models.assignment import assign
from worker.models.drift import drift
from worker.topics.stages import StageClock


def run(task: PredictTopics, _: object, on_event: OnEvent) -> Document | ModelRefusal:
    """Assign the batch to the version that it names, or to the active one.

    Raises:
        StoreUnavailable, StoreCorrupt, BrokenModel: the model cannot be read.
    """
    batch, clock = task.batch, StageClock(on_event)
    store = WatchedStore(task.store, task.tenant, on_event)
    clock.enter(ModelStage.LOAD)
    named = batch.model.version if batch.model is not None else None
    found = models.find(store, named, batch.embeddings.shape[1])
    if isinstance(found, ModelRefusal):
        clock.finish()
        return found
    version, model = found
    clock.note(version=version)
    clock.enter(ModelStage.ASSIGN)
    assignment = assign(model, batch.embeddings)
    placed = Placed(assignment.labels, assignment.probabilities, model.topics)
    change = drift(model, assignment.labels, batch.embeddings)
    warn_of_foreign(change, on_event)
    document = predicted(batch, placed, change, version, datetime.now(UTC))
    clock.note(documents=len(assignment.labels), topics=len(document["topics"]))  # type: ignore[arg-type]
    clock.finish()
    return document
