"""The embeddings that a job with a kept model makes itself, before anything else."""

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, TypeVar

from worker.lifecycle.events import OnEvent
from worker.lifecycle.task import ModelTask
from worker.topics.fit import NoTopics
from worker.topics.words.embedding import completed_embeddings

if TYPE_CHECKING:
    from worker.topics.words.encoders import KeywordEncoder

_Task = TypeVar("_Task", bound=ModelTask)


class Host(Protocol):
    """What holds the worker's model; a process that loaded no engine has none."""

    @property
    def encoder(self) -> "KeywordEncoder | None":
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
