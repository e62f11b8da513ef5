"""The kind `topic-model`: a batch of comments in, its topics out."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final, cast

from worker.compute.tasks import Task
from worker.contract.envelope import Batch, shown
from worker.contract.job_types import JobType
from worker.contract.model_envelopes import read_fit
from worker.contract.previous import NOT_HAD, EarlierResult, fetched_result
from worker.contract.result import Document, completed, no_topics
from worker.contract.schema import definitions
from worker.jobs.kind import JobKind, Surroundings
from worker.jobs.model_outcome import ModelOutcome, document_of_model, summarize_fit
from worker.labels.service import LabelService
from worker.lifecycle.stages import ModelStage
from worker.lifecycle.task import FitModel, LabelledFit
from worker.topics.fit import EMBED, NoTopics, Stage, TopicFit
from worker.topics.task import FitBatch


def task_of(batch: Batch, surroundings: Surroundings) -> Task:
    """Give the task of a batch: one fit, whose model is kept if the request says so."""
    if batch.model is None:
        return with_labels(fit_once(batch), batch, surroundings.labels)
    given = surroundings
    return FitModel(batch, given.model_store, given.job_id, given.retention, given.labels)


def with_labels(task: FitBatch, batch: Batch, labels: LabelService | None) -> FitBatch | LabelledFit:
    """Give the task that also names the topics if the request asks for that; what has a name keeps it."""
    if not batch.labels:
        return task
    return LabelledFit(task, labels, batch.previous.labels if isinstance(batch.previous, EarlierResult) else {})


def fit_once(batch: Batch) -> FitBatch:
    """Give the task of a batch: one fit with the parameters that the request sent."""
    earlier = None
    if batch.previous is not None:
        previous = batch.previous if isinstance(batch.previous, EarlierResult) else NOT_HAD
        earlier = previous.topics_of([batch.submission_ids[position] for position in batch.kept.tolist()])
    missing = batch.missing if len(batch.missing) else None
    return FitBatch(batch.texts, batch.embeddings, (batch.params,), earlier=earlier, missing=missing)


def document_of(batch: Batch, outcome: TopicFit | NoTopics, now: datetime) -> Document:
    """Make the return value of a batch; see `completed` and `no_topics`."""
    if isinstance(outcome, NoTopics):
        return no_topics(outcome, now=now)
    return completed(batch, outcome, now=now)


def previous_job(batch: Batch) -> str | None:
    """Name the job whose topics are to stay, if its result was not yet fetched."""
    return batch.previous if isinstance(batch.previous, str) else None


def with_previous(batch: Batch, document: object) -> Batch:
    """Complete a batch by what the job that it names returned; without a result of use it is a first fit, and says so.

    Args:
        batch: that names a job.
        document: what that job returned, any JSON value; None for nothing.
    """
    found = fetched_result(document, str(batch.previous))
    if isinstance(found, EarlierResult):
        return replace(batch, previous=found)
    warning = f"no topics of an earlier run are kept, this is a first fit: job {shown(str(batch.previous))}: {found}"
    return replace(batch, previous=NOT_HAD, warnings=(*batch.warnings, warning))


def _respond(batch: Batch, outcomes: tuple[TopicFit | NoTopics] | ModelOutcome, now: datetime) -> Document:
    if batch.model is not None:
        return document_of_model(batch, cast(ModelOutcome, outcomes), now)
    (outcome,) = cast(tuple[TopicFit | NoTopics], outcomes)
    return document_of(batch, outcome, now)


FIT_STAGES: Final[Mapping[str, int]] = {
    Stage.NEIGHBOURS: 5,
    Stage.REDUCE: 15,
    Stage.CLUSTER: 65,
    Stage.REPRESENT: 70,
    Stage.EVALUATE: 95,
}

TOPIC_MODEL: Final = JobKind(
    name=JobType.FIT.value,
    stages={Stage.VALIDATE: 0, EMBED: 1, ModelStage.LOAD: 3, **FIT_STAGES, ModelStage.KEEP: 98},
    read=read_fit,
    task=task_of,
    respond=_respond,
    summarize=summarize_fit,
    definitions=definitions,
    reference=previous_job,
    refer=with_previous,
)
