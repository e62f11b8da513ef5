"""The task of `topic-model.predict`: assign a batch to the topics of a kept model; imports nothing that fits."""

from dataclasses import dataclass
from datetime import UTC, datetime

from worker.contract.model_result import Placed, predicted
from worker.contract.result import Document
from worker.lifecycle import models
from worker.lifecycle.embedding import Host, with_embeddings
from worker.lifecycle.events import OnEvent
from worker.lifecycle.foreign import warn_of_foreign
from worker.lifecycle.model_refusal import ModelRefusal
from worker.lifecycle.stages import ModelStage
from worker.lifecycle.task import ModelTask, PredictTopics
from worker.lifecycle.watched_store import WatchedStore
from worker.models.assignment import Assignment, assign
from worker.models.drift import drift
from worker.models.model import KeptModel
from worker.topics.fit import NoTopics
from worker.topics.stages import StageClock


@dataclass(frozen=True, eq=False)
class Prediction:
    """A batch in the topics of a version, and the result that says so."""

    model: KeptModel
    assignment: Assignment
    document: Document


def run(task: PredictTopics, host: Host, on_event: OnEvent) -> Document | ModelRefusal | NoTopics:
    """Assign the batch to the version that it names, or to the active one; raises as `predict`."""
    completed_task = with_embeddings(task, host, on_event)
    if isinstance(completed_task, NoTopics):
        return completed_task
    clock = StageClock(on_event)
    found = predict(completed_task, host, clock, on_event)
    clock.finish()
    return found if isinstance(found, ModelRefusal) else found.document


def predict(task: ModelTask, host: Host, clock: StageClock, on_event: OnEvent) -> Prediction | ModelRefusal:
    """Assign a batch to the version that it names, or to the active one.

    Args:
        task: with a batch that has all its embeddings.
        host: of the compute process.
        clock: its last stage is not ended.
        on_event: is told of the store.

    Raises:
        StoreUnavailable, StoreCorrupt, BrokenModel: the model cannot be read.
    """
    batch = task.batch
    store = WatchedStore(task.store, task.tenant, on_event)
    clock.enter(ModelStage.LOAD)
    named = batch.model.version if batch.model is not None else None
    found = models.find(store, named, batch, host)
    if isinstance(found, ModelRefusal):
        return found
    version, model = found
    clock.note(version=version)
    clock.enter(ModelStage.ASSIGN)
    assignment = assign(model, batch.embeddings)
    placed = Placed(assignment.labels, assignment.probabilities, model.topics)
    change = drift(model, assignment, batch.embeddings)
    warn_of_foreign(change, on_event)
    document = predicted(batch, placed, change, version, datetime.now(UTC))
    clock.note(documents=len(assignment.labels), topics=len(document["topics"]))  # type: ignore[arg-type]
    return Prediction(model, assignment, document)
