"""The embeddings that a job with a kept model makes itself, before anything else."""

from dataclasses import replace
from typing import Final, Protocol, TypeVar

from worker.contract.envelope import Batch
from worker.lifecycle.events import OnEvent
from worker.lifecycle.task import ModelTask
from worker.models.model import UNKNOWN_MODEL, model_name
from worker.topics.fit import NoTopics
from worker.topics.words.embedding import completed_embeddings
from worker.topics.words.encoders import KeywordEncoder, TransformerEncoder

# Two models have nothing to do with each other: about 0. One model gives a text about the same each time: about 1.
OTHER_SPACE_COSINE: Final = 0.3

_Task = TypeVar("_Task", bound=ModelTask)


class Host(Protocol):
    """What holds the worker's model; a process that loaded no engine has none."""

    @property
    def encoder(self) -> KeywordEncoder | None:
        """The worker's model; None without one."""


def with_embeddings(task: _Task, host: Host, on_event: OnEvent) -> _Task | NoTopics:
    """Give a task whose batch has all its embeddings; its name stays.

    Args:
        task: some of whose comments may have none.
        host: of the compute process.
        on_event: takes the events of the stage.

    Returns:
        The task itself if none is missing; or why the worker has no model for it.
    """
    batch = task.batch
    made = completed_embeddings(batch.texts, batch.embeddings, batch.missing, host.encoder, on_event)
    return made if isinstance(made, NoTopics) else replace(task, batch=replace(batch, embeddings=made))


def embedding_model_of(batch: Batch, host: Host) -> str:
    """Name the model that made a batch's embeddings, if it is the worker's own, as `model_name` does."""
    encoder = host.encoder
    if not isinstance(encoder, TransformerEncoder) or not encoder.made(batch.texts, batch.embeddings):
        return UNKNOWN_MODEL
    return model_name(encoder.name)


def is_of_another_model(batch: Batch, host: Host, embedding_model: str) -> bool:
    """Tell whether a batch's embeddings were certainly not made by the model that is named.

    The worker can tell in two cases: it has just made some of them itself, with a model of another name; or it has
    that model, whose own embeddings of the texts are nothing like the given ones.

    Args:
        batch: with all its embeddings.
        host: of the compute process.
        embedding_model: as `embedding_model_of` names it.
    """
    encoder = host.encoder
    if embedding_model == UNKNOWN_MODEL or not isinstance(encoder, TransformerEncoder):
        return False
    if model_name(encoder.name) != embedding_model:
        return len(batch.missing) > 0
    return encoder.likeness(batch.texts, batch.embeddings) < OTHER_SPACE_COSINE
