"""`--schema`: the contract as one JSON Schema, from the rules that the worker itself applies."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema

from worker.contract.item import Item
from worker.contract.previous_schema import PREVIOUS_SCHEMA
from worker.contract.request_schema import Metadata, request
from worker.contract.result import MAX_KEYWORDS
from worker.contract.rules import Envelope
from worker.topics.raw_labels import MAX_LABEL

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_REQUEST: Final = (
    "The batch envelope, `job.data`. What a schema cannot say: a submissionId is unique in its batch; no string holds "
    "half of a surrogate pair; a packed embedding holds no NaN and no infinity; there are at least min_topic_size "
    "items (15 by default) whose embedding is not the zero vector. Other keys are ignored, at every level. jobId, "
    "metadata and publishedAt only correlate logs: if they have another type, they are ignored."
)
_RESULT: Final = (
    "The job's return value. sum(docCount) + outlierCount is the number of items, and there is one assignment for "
    "each document that is in a topic, in the order of the items."
)
Count = Annotated[int, Field(ge=0)]
TIME: Final = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"
Cosine = Annotated[float, Field(ge=-1, le=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Label = Annotated[
    str,
    Field(max_length=MAX_LABEL, description="A name for people, if labels were asked for; the rawLabel without one."),
]


def _never_null(part: dict[str, Any]) -> None:
    """Say of an optional object that it is left out, and never null."""
    (own,) = [option for option in part.pop("anyOf") if option.get("type") != "null"]
    part.update(own)


class Exact(BaseModel):
    """These fields and no others; a field with a default is left out if it was not asked for, and never null."""

    model_config = ConfigDict(extra="forbid")


class Topic(Exact):
    """One topic; topics come by falling size."""

    topicIndex: Count
    rawLabel: Annotated[
        str, Field(max_length=MAX_LABEL, description="The index and the first four keywords, joined by _.")
    ]
    keywords: Annotated[list[str], Field(min_length=1, max_length=MAX_KEYWORDS, description="Best first.")]
    docCount: Annotated[int, Field(ge=1)]
    aspectLabel: Annotated[
        str, Field(description="The nearest aspect, if aspects were asked for; `emergent` if none is near enough.")
    ] = ""
    aspectSimilarity: Annotated[Cosine, Field(description="The cosine to the nearest aspect.")] = 0.0
    isEmergent: Annotated[bool, Field(description="Whether no aspect is near enough.")] = False
    keywordsMmr: Annotated[
        list[str], Field(max_length=MAX_KEYWORDS, description="More diverse keywords, if aspects were asked for.")
    ] = []
    since: Annotated[
        str, Field(pattern=TIME, description="When the topic was born, if `previous` was given: a completedAt.")
    ] = ""
    label: Label = ""


class Assignment(Exact):
    """The topic of one comment; outliers have none."""

    submissionId: str
    topicIndex: Count
    probability: Share
    isMultiTopic: Annotated[
        bool, Field(description="Whether the comment has a second topic, if aspects or multi_topic were asked for.")
    ] = False
    secondaryTopicIndex: Count = 0
    secondaryProbability: Share = 0.0


class MappedAspect(Exact):
    """The aspect of a topic."""

    aspect: Annotated[str, Field(description="Its name; `emergent` if none is near enough, `outlier` for -1.")]
    similarity: Annotated[Cosine, Field(description="The cosine to the nearest aspect; 0 for -1.")]


class Metrics(Exact):
    """Five finite numbers, 4 decimals."""

    npmi_coherence: Cosine
    topic_diversity: Share
    outlier_ratio: Share
    silhouette_score: Cosine
    embedding_coherence: Cosine


class Refit(Exact):
    """Whether topics found anew would be clearly better than the kept ones."""

    advised: bool
    why: Annotated[str, Field(description="The reasons; empty if no refit is advised.")]


class Continuity(Exact):
    """What became of the topics of `previous`."""

    previous: Annotated[
        str | None,
        Field(description="The id of the earlier job, `inline`, or null if it could not be had: a first fit."),
    ]
    kept: Annotated[list[Count], Field(description="Topics that were there before.")]
    born: Annotated[list[Count], Field(description="New topics, numbered above all that were ever used.")]
    faded: Annotated[
        list[Count],
        Field(
            description="Topics that are no longer there; also the highest number ever used, while no topic has it "
            "or a higher one."
        ),
    ]
    moved: Annotated[Count, Field(description="Comments of `shared` that are now in another topic or in none.")]
    shared: Annotated[Count, Field(description="Comments of the batch that were in a topic before.")]
    refit: Refit


class ResultModel(Exact):
    """The version of the tenant's model that a job kept, or predicted with."""

    tenant: str
    version: str
    previousVersion: Annotated[
        str, Field(description="The version that was active before; left out if there was none, and in a prediction.")
    ] = ""


class CompletedResult(Exact):
    """What a batch with topics returns."""

    version: Annotated[str, Field(description="The worker's own.")]
    status: Literal["completed"]
    topics: Annotated[list[Topic], Field(min_length=1)]
    assignments: list[Assignment]
    metrics: Metrics
    outlierCount: Count
    aspectMapping: Annotated[
        dict[str, MappedAspect], Field(description="By topicIndex, and -1 for the outliers; if aspects were asked for.")
    ] = {}
    continuity: Annotated[Continuity | None, Field(json_schema_extra=_never_null)] = None
    model: Annotated[ResultModel | None, Field(json_schema_extra=_never_null)] = None
    completedAt: Annotated[str, Field(pattern=TIME, description="UTC.")]


class FailedResult(Exact):
    """What a batch returns if its data is at fault: the job completes, and is not tried again."""

    version: Annotated[str, Field(description="The worker's own.")]
    status: Literal["failed"]
    error: Annotated[str, Field(max_length=1000, description="One line for people.")]
    completedAt: Annotated[str, Field(pattern=TIME, description="UTC.")]


class Progress(BaseModel):
    """A running job's progress, written as each stage begins and as a long one goes on; other keys may come."""

    stage: Annotated[str, Field(description="validate first; deliver last, of a job that completes.")]
    percent: Annotated[int, Field(ge=0, le=100, description="Never falls within an attempt; each attempt begins at 0.")]
    leftS: Annotated[
        float,
        Field(
            ge=0,
            description="Seconds that the job still needed at the time `at`, from this worker's last jobs of the same "
            "kind and of a similar size, or by what the running stage has done so far; left out if neither tells.",
        ),
    ] = 0.0
    at: Annotated[str, Field(pattern=TIME, description="When this was so, UTC.")]


class _Plain(GenerateJsonSchema):
    """Without titles made of names, and without defaults, which are the engine's to choose."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def default_schema(self, schema: Any) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])


def contract_schema() -> dict[str, Any]:
    """Give the JSON Schema (draft 2020-12) of request and result, under `$defs`; see `definitions`."""
    return as_schema(definitions())


def as_schema(definitions: Mapping[str, Any]) -> dict[str, Any]:
    """Make one document of the definitions of one kind of job or of several."""
    return {
        "$schema": _DIALECT,
        "title": "Topic model worker: request and result",
        "$defs": dict(sorted(definitions.items())),
    }


def definitions() -> dict[str, Any]:
    """Give the definitions of request and result, by name.

    `TopicModelRequest` and `TopicModelResult` are the two ends, and `TopicModelProgress` comes between them; the others
    are what they are made of.
    """
    parts = parts_of(Envelope, Item, Metadata, CompletedResult, FailedResult, Progress)
    parts["TopicModelProgress"] = parts.pop("Progress")
    parts["TopicModelRequest"] = request(parts.pop("Envelope"), _REQUEST)
    parts["TopicModelRequest"]["properties"]["previous"] = PREVIOUS_SCHEMA
    parts["TopicModelResult"] = {
        "description": _RESULT,
        "anyOf": [{"$ref": "#/$defs/CompletedResult"}, {"$ref": "#/$defs/FailedResult"}],
    }
    return parts


def parts_of(*models: type[BaseModel]) -> dict[str, Any]:
    """Give the definitions of models, by name, and of what they are made of."""
    mode: JsonSchemaMode = "validation"
    _, schema = models_json_schema([(model, mode) for model in models], by_alias=True, schema_generator=_Plain)
    return {name: _untitled(part) for name, part in schema["$defs"].items()}


def _untitled(part: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in part.items() if key != "title"}
