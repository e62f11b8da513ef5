"""The task that measures a kept model on a batch: a prediction, with the five metrics of the contract."""

from worker.contract.result import Document, metrics_document
from worker.lifecycle.events import OnEvent
from worker.lifecycle.model_refusal import ModelRefusal
from worker.lifecycle.predicting import predict
from worker.lifecycle.task import EvaluateModel
from worker.models.measuring import measured
from worker.topics.engine import Engine
from worker.topics.fit import Stage
from worker.topics.preparation import Preparation
from worker.topics.stages import StageClock


def run(task: EvaluateModel, engine: Engine, on_event: OnEvent) -> Document | ModelRefusal:
    """Assign the batch and measure the topics in it; gives a prediction with `metrics`. Raises as `predict`."""
    clock = StageClock(on_event)
    found = predict(task, engine, clock, on_event)
    if isinstance(found, ModelRefusal):
        clock.finish()
        return found
    clock.enter(Stage.EVALUATE)
    batch = task.batch
    preparation = Preparation(batch.texts, batch.embeddings, engine.device)
    vocabulary, _ = preparation.words(batch.params.stop_words)
    labels = found.assignment.labels[preparation.order]
    metrics = measured(found.model.topics, labels, preparation, vocabulary, engine)
    n_inside = len(batch.kept) - int((labels < 0).sum())
    clock.finish()
    return {**found.document, "metrics": metrics_document(metrics, 1 - n_inside / batch.n_items)}
