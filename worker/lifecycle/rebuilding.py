"""The task of `topic-model.rebuild`: find topics anew in recent comments, and carry the numbers over."""

from worker.contract.result import Document
from worker.lifecycle.changing import change
from worker.lifecycle.embedding import with_embeddings
from worker.lifecycle.events import OnEvent
from worker.lifecycle.labelling import labeller_of
from worker.lifecycle.model_refusal import ModelRefusal, Reason
from worker.lifecycle.task import RebuildModel
from worker.models.rebuilding import rebuild
from worker.topics.engine import Engine
from worker.topics.fit import NoTopics


def run(task: RebuildModel, engine: Engine, on_event: OnEvent) -> Document | NoTopics | ModelRefusal:
    """Fit the batch and carry the numbers of the active model over; see `keep` for what is raised."""
    completed_task = with_embeddings(task, engine, on_event)
    if isinstance(completed_task, NoTopics):
        return completed_task
    labeller = labeller_of(task.labels, on_event)
    refusal = ModelRefusal(Reason.NO_MODEL, task.tenant)
    return change(completed_task, engine, on_event, labeller, rebuild, lambda: refusal)
