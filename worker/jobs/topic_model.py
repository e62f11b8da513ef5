"""The kind `topic-model`: a batch of comments in, its topics out."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, cast

from worker.contract.envelope import Batch, read_envelope
from worker.contract.result import Document, completed, no_topics
from worker.contract.schema import definitions
from worker.jobs.kind import JobKind
from worker.topics.fit import NoTopics, Stage, TopicFit
from worker.topics.task import FitBatch


def fit_once(batch: Batch) -> FitBatch:
    """Give the task of a batch: one fit with the parameters that the request sent."""
    return FitBatch(batch.texts, batch.embeddings, (batch.params,))


def document_of(batch: Batch, outcome: TopicFit | NoTopics, now: datetime) -> Document:
    """Make the return value of a batch; see `completed` and `no_topics`."""
    if isinstance(outcome, NoTopics):
        return no_topics(outcome, now=now)
    return completed(batch, outcome, now=now)


def _respond(batch: Batch, outcomes: tuple[TopicFit | NoTopics], now: datetime) -> Document:
    (outcome,) = outcomes
    return document_of(batch, outcome, now)


def _summarize(document: Document) -> Mapping[str, object]:
    return {
        "topics": len(cast(list[Any], document["topics"])),
        "outliers": document["outlierCount"],
        **cast(Mapping[str, object], document["metrics"]),
    }


TOPIC_MODEL: Final = JobKind(
    name="topic-model",
    stages={
        Stage.VALIDATE: 0,
        Stage.NEIGHBOURS: 5,
        Stage.REDUCE: 15,
        Stage.CLUSTER: 65,
        Stage.REPRESENT: 70,
        Stage.EVALUATE: 95,
    },
    read=read_envelope,
    task=fit_once,
    respond=_respond,
    summarize=_summarize,
    definitions=definitions,
)
