"""`--schema`: the contract as one JSON Schema, from the rules that the worker itself applies."""

import json
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema

from worker.contract.envelope import EMBEDDING_DIM
from worker.contract.result import MAX_KEYWORDS, MAX_LABEL
from worker.contract.rules import Envelope, Item

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_REQUEST: Final = (
    "The batch envelope, `job.data`. What a schema cannot say: a submissionId is unique in its batch; no string holds "
    "half of a surrogate pair; there are at least min_topic_size items (15 where left out) whose embedding is not the "
    "zero vector. Other keys are ignored, at every level. jobId, metadata and publishedAt only correlate logs: of "
    "another type they are left out."
)
_RESULT: Final = (
    "The job's return value. sum(docCount) + outlierCount is the number of items, and there is one assignment for "
    "each document that is in a topic, in the order of the items."
)
_Count = Annotated[int, Field(ge=0)]
_Cosine = Annotated[float, Field(ge=-1, le=1)]
_Share = Annotated[float, Field(ge=0, le=1)]


class _Exact(BaseModel):
    """These fields and no others; what has a default is left out where it was not asked for, never null."""

    model_config = ConfigDict(extra="forbid")


class Topic(_Exact):
    """One topic; topics come by falling size."""

    topicIndex: _Count
    rawLabel: Annotated[
        str, Field(max_length=MAX_LABEL, description="The index and the first four keywords, joined by _.")
    ]
    keywords: Annotated[list[str], Field(min_length=1, max_length=MAX_KEYWORDS, description="Best first.")]
    docCount: Annotated[int, Field(ge=1)]
    aspectLabel: Annotated[str, Field(description="The nearest aspect, where aspects were asked for.")] = ""
    aspectSimilarity: _Cosine = 0.0
    isEmergent: Annotated[bool, Field(description="Nearer to no aspect than match_threshold.")] = False


class Assignment(_Exact):
    """The topic of one comment; outliers have none."""

    submissionId: str
    topicIndex: _Count
    probability: _Share
    isMultiTopic: Annotated[bool, Field(description="Where multi_topic was asked for.")] = False
    secondaryTopicIndex: _Count = 0
    secondaryProbability: _Share = 0.0


class Metrics(_Exact):
    """Five finite numbers, 4 decimals."""

    npmi_coherence: _Cosine
    topic_diversity: _Share
    outlier_ratio: _Share
    silhouette_score: _Cosine
    embedding_coherence: _Cosine


class CompletedResult(_Exact):
    """What a batch with topics returns."""

    version: Annotated[str, Field(description="The worker's own.")]
    status: Literal["completed"]
    topics: Annotated[list[Topic], Field(min_length=1)]
    assignments: list[Assignment]
    metrics: Metrics
    outlierCount: _Count
    aspectMapping: dict[str, list[_Count]] = {}
    completedAt: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", description="UTC.")]


class FailedResult(_Exact):
    """What a batch returns whose data is at fault: the job completes, and is not tried again."""

    version: Annotated[str, Field(description="The worker's own.")]
    status: Literal["failed"]
    error: Annotated[str, Field(max_length=1000, description="One line for people.")]
    completedAt: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", description="UTC.")]


class Metadata(BaseModel):
    """Ids that appear in the worker's log; more keys are welcome."""

    pipelineId: str | None = None
    runId: str | None = None


class _Plain(GenerateJsonSchema):
    """Without titles made of names, and without defaults, which are the engine's to choose."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def default_schema(self, schema: Any) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])


def contract_schema() -> dict[str, Any]:
    """Give the JSON Schema (draft 2020-12) of request and result, under `$defs`.

    `TopicModelRequest` and `TopicModelResult` are its two ends; the rest is what they are made of.
    """
    mode: JsonSchemaMode = "validation"
    models = (Envelope, Item, Metadata, CompletedResult, FailedResult)
    _, schema = models_json_schema([(model, mode) for model in models], by_alias=True, schema_generator=_Plain)
    definitions = {name: _untitled(part) for name, part in schema["$defs"].items()}
    definitions["TopicModelRequest"] = _request(definitions.pop("Envelope"))
    _bound_embedding(definitions["Item"])
    definitions["Item"]["description"] = "One comment: its id, its text, already cleaned, its LaBSE embedding."
    definitions["TopicModelResult"] = {
        "description": _RESULT,
        "anyOf": [{"$ref": "#/$defs/CompletedResult"}, {"$ref": "#/$defs/FailedResult"}],
    }
    return {
        "$schema": _DIALECT,
        "title": "Topic model worker: request and result",
        "$defs": dict(sorted(definitions.items())),
    }


def show_schema() -> str:
    """Render the schema as it is committed in integration/: indented, a newline at the end."""
    return json.dumps(contract_schema(), indent=2, ensure_ascii=False) + "\n"


def _request(envelope: dict[str, Any]) -> dict[str, Any]:
    properties = envelope["properties"]
    properties["items"] = {"type": "array", "items": {"$ref": "#/$defs/Item"}}
    properties["jobId"] = {"type": "string"}
    properties["metadata"] = {"$ref": "#/$defs/Metadata"}
    properties["publishedAt"] = {"type": "string"}
    return envelope | {"description": _REQUEST}


def _bound_embedding(item: dict[str, Any]) -> None:
    item["properties"]["embedding"] |= {
        "minItems": EMBEDDING_DIM,
        "maxItems": EMBEDDING_DIM,
        "description": f"{EMBEDDING_DIM} finite numbers of any norm; the zero vector counts as an outlier.",
    }


def _untitled(part: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in part.items() if key != "title"}
