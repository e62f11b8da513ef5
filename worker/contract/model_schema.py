"""The JSON Schema of the kinds of job that use a kept model."""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field

from worker.contract.model_envelopes import PredictEnvelope, RebuildEnvelope, UpdateEnvelope
from worker.contract.model_result import N_IN_SNAPSHOT, N_SAMPLES
from worker.contract.request_schema import request
from worker.contract.result import MAX_KEYWORDS
from worker.contract.schema import (
    TIME,
    Assignment,
    Cosine,
    Count,
    Exact,
    Label,
    Metrics,
    ResultModel,
    Share,
    parts_of,
)
from worker.topics.raw_labels import MAX_LABEL

_UPDATE: Final = (
    "The envelope of topic-model.update: the comments that are new since last time. With fewer than min_documents of "
    "them nothing is done. A tenant without a model gets one, as by topic-model."
)
_PREDICT: Final = (
    "The envelope of topic-model.predict: comments to assign to the tenant's model, which does not change."
)
_REBUILD: Final = (
    "The envelope of topic-model.rebuild: recent comments of which the topics are found anew; those that match topics "
    "of the tenant's model keep their numbers."
)


class Drift(Exact):
    """How the comments of the batch differ from those that the model has seen."""

    level: Literal["LOW", "MEDIUM", "HIGH"]
    enough: Annotated[bool, Field(description="Whether there are enough comments to tell: 50.")]
    pValue: Annotated[Share, Field(description="How often chance alone gives such a difference.")]
    excessVariation: Annotated[Cosine, Field(description="Change of the topics' shares, less what chance gives.")]
    outlierExcess: Annotated[Cosine, Field(description="Share of outliers, less that of before.")]
    shift: Annotated[float, Field(ge=0, description="How far the mean of the comments moved, in distances of topics.")]
    moved: Annotated[list[Count], Field(max_length=3, description="Topics whose share changed most.")]


class KnownTopic(Exact):
    """A topic of the model that comments of the batch are in."""

    topicIndex: Annotated[Count, Field(description="The model's own number: it never changes.")]
    rawLabel: Annotated[str, Field(max_length=MAX_LABEL)]
    keywords: Annotated[list[str], Field(min_length=1, max_length=MAX_KEYWORDS, description="Best first.")]
    docCount: Annotated[int, Field(ge=1, description="Comments of this batch.")]
    label: Label = ""


class TotalledTopic(Exact):
    """A topic of the model; all are there, also those without a comment of the batch."""

    topicIndex: Annotated[Count, Field(description="The model's own number: it never changes.")]
    rawLabel: Annotated[str, Field(max_length=MAX_LABEL)]
    keywords: Annotated[list[str], Field(min_length=1, max_length=MAX_KEYWORDS, description="Best first.")]
    docCount: Annotated[Count, Field(description="Comments of this batch.")]
    totalCount: Annotated[Count, Field(description="Comments of all batches.")]
    label: Label = ""


class TopicSample(Exact):
    """One of the largest topics, with typical comments."""

    topicIndex: Count
    totalCount: Count
    submissionIds: Annotated[list[str], Field(max_length=N_SAMPLES, description="The most typical first.")]


class PredictedResult(Exact):
    """What a prediction returns."""

    version: Annotated[str, Field(description="The worker's own.")]
    status: Literal["completed"]
    topics: list[KnownTopic]
    assignments: list[Assignment]
    outlierCount: Count
    drift: Drift
    model: ResultModel
    completedAt: Annotated[str, Field(pattern=TIME, description="UTC.")]


class UpdatedResult(Exact):
    """What an update or a rebuild returns."""

    version: Annotated[str, Field(description="The worker's own.")]
    status: Literal["completed"]
    topics: list[TotalledTopic]
    assignments: list[Assignment]
    metrics: Metrics
    outlierCount: Count
    born: Annotated[list[Count], Field(description="Topics that were found in this batch.")]
    drift: Drift
    snapshot: Annotated[list[TopicSample], Field(max_length=N_IN_SNAPSHOT, description="The largest topics.")]
    redirects: Annotated[
        dict[str, Count], Field(description="Topics that became part of others, by the index that is gone.")
    ]
    model: ResultModel
    completedAt: Annotated[str, Field(pattern=TIME, description="UTC.")]


class SkippedResult(Exact):
    """What a job returns that had nothing to do."""

    version: Annotated[str, Field(description="The worker's own.")]
    status: Literal["skipped"]
    reason: Annotated[str, Field(max_length=1000, description="One line for people.")]
    completedAt: Annotated[str, Field(pattern=TIME, description="UTC.")]


def update_definitions() -> dict[str, Any]:
    """Give the definitions of the kind `topic-model.update` that the kind `topic-model` has not."""
    own = _definitions("Update", UpdateEnvelope, _UPDATE, UpdatedResult, SkippedResult)
    own["TopicModelUpdateResult"] = _one_of("UpdatedResult", "CompletedResult", "SkippedResult", "FailedResult")
    return own


def predict_definitions() -> dict[str, Any]:
    """Give those of the kind `topic-model.predict`."""
    own = _definitions("Predict", PredictEnvelope, _PREDICT, PredictedResult)
    own["TopicModelPredictResult"] = _one_of("PredictedResult", "FailedResult")
    return own


def rebuild_definitions() -> dict[str, Any]:
    """Give those of the kind `topic-model.rebuild`."""
    own = _definitions("Rebuild", RebuildEnvelope, _REBUILD, UpdatedResult)
    own["TopicModelRebuildResult"] = _one_of("UpdatedResult", "FailedResult")
    return own


def _definitions(kind: str, envelope: type[BaseModel], description: str, *results: type[BaseModel]) -> dict[str, Any]:
    parts = parts_of(envelope, *results)
    parts[f"TopicModel{kind}Request"] = request(parts.pop(envelope.__name__), description)
    return parts


def _one_of(*names: str) -> dict[str, Any]:
    return {"description": "The job's return value.", "anyOf": [{"$ref": f"#/$defs/{name}"} for name in names]}
