"""The topic-model worker for a Python API: enqueue a batch, wait for its topics."""

from topic_model_client.answers import CancelAnswer, Enqueued, Found, Progress
from topic_model_client.client import TopicModelClient
from topic_model_client.envelope import Batch, Item, Kind
from topic_model_client.errors import (
    Cancelled,
    FlowConflict,
    InfrastructureFailure,
    JobConflict,
    JobRemoved,
    RedisTimeout,
    TopicModelError,
    UnexpectedResult,
    WaitTimeout,
)
from topic_model_client.results import (
    Assignment,
    Best,
    Completed,
    Failed,
    Metrics,
    Result,
    Skipped,
    Topic,
    Tuned,
    TuneResult,
)

__all__ = [
    "Assignment",
    "Batch",
    "Best",
    "CancelAnswer",
    "Cancelled",
    "Completed",
    "Enqueued",
    "Failed",
    "FlowConflict",
    "Found",
    "InfrastructureFailure",
    "Item",
    "JobConflict",
    "JobRemoved",
    "Kind",
    "Metrics",
    "Progress",
    "RedisTimeout",
    "Result",
    "Skipped",
    "Topic",
    "TopicModelClient",
    "TopicModelError",
    "TuneResult",
    "Tuned",
    "UnexpectedResult",
    "WaitTimeout",
]
