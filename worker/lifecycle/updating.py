"""The task of `topic-model.update`: add a batch to the model of a tenant, or begin one."""

from worker.contract.envelope import Rejection
from worker.contract.result import Document
from worker.contract.rules import Params
from worker.contract.too_few import too_few_to_fit
from worker.lifecycle.changing import change
from worker.lifecycle.embedding import with_embeddings
from worker.lifecycle.events import OnEvent
from worker.lifecycle.fitting import FirstFit
from worker.lifecycle.keeping import Made
from worker.lifecycle.labelling import labeller_of
from worker.lifecycle.model_refusal import ModelRefusal
from worker.lifecycle.task import UpdateModel
from worker.models.updating import update
from worker.topics.engine import Engine
from worker.topics.fit import NoTopics


def run(task: UpdateModel, engine: Engine, on_event: OnEvent) -> Document | NoTopics | ModelRefusal | Rejection:
    """Add the batch to the active model, or fit the first one; see `keep` for what is raised."""
    completed_task = with_embeddings(task, engine, on_event)
    if isinstance(completed_task, NoTopics):
        return completed_task
    task, batch, labeller = completed_task, completed_task.batch, labeller_of(task.labels, on_event)
    first = FirstFit(task, engine, on_event, labeller)

    def begin() -> Made | NoTopics | Rejection:
        params = Params(min_topic_size=batch.params.min_cluster_size)
        error = too_few_to_fit(batch.n_items, len(batch.kept), params)
        return first.made(None) if error is None else Rejection(error, batch.correlation)

    return change(task, engine, on_event, labeller, update, begin)
