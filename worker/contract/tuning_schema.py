"""The JSON Schema of the kind `topic-model.tune`."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from worker.contract.request_schema import request
from worker.contract.schema import TIME, Count, Exact, Metrics, Share, parts_of
from worker.contract.tuning_envelope import TuneEnvelope

_TUNE: Final = (
    "The envelope of topic-model.tune: comments on which settings are tried. params without grid is the default, which "
    "every other setting must beat. Nothing is kept, and no comment is assigned."
)
_Gain = Annotated[float, Field(ge=-1, le=1)]


class TunedParams(Exact):
    """Settings as the params of a request take them; those left out stay as they are."""

    nr_topics: Annotated[int, Field(ge=1)] = 0
    min_topic_size: Annotated[int, Field(ge=2)] = 0
    umap_n_neighbors: Annotated[int, Field(ge=2)] = 0
    umap_n_components: Annotated[int, Field(ge=1)] = 0
    hdbscan_min_samples: Annotated[int, Field(ge=1)] = 0


class Trial(Exact):
    """One setting with its topics' quality."""

    params: Annotated[TunedParams, Field(description="What differs from the default; empty for the default itself.")]
    inForce: Annotated[TunedParams, Field(description="All five settings, as they were adapted to the batch.")]
    topicCount: Annotated[int, Field(ge=1)]
    largestShare: Annotated[Share, Field(description="Share of the comments in the largest topic.")]
    metrics: Metrics
    modularity: Annotated[float, Field(ge=-1, le=1, description="Of the topics in the graph of 20 nearest neighbors.")]
    stability: Annotated[
        float, Field(ge=-1, le=1, description="Mean adjusted Rand index with the topics that halves of the batch have.")
    ]
    objective: Annotated[Share, Field(description="modularity times stability.")]
    excluded: Annotated[str, Field(description="Why it is not chosen; left out if it may be.")] = ""


class TrialWithoutTopics(Exact):
    """A setting with which no topic was found."""

    params: TunedParams
    inForce: TunedParams
    error: Annotated[str, Field(max_length=1000, description="One line for people.")]


class BestTrial(Exact):
    """The trial with the largest objective among those that are not excluded."""

    trial: Annotated[Count, Field(description="Its place in trials.")]
    params: TunedParams
    beatsDefault: Annotated[bool, Field(description="Whether gain is more than noise, or the default is excluded.")]
    gain: Annotated[_Gain, Field(description="Its objective less that of the default.")]
    noise: Annotated[Share, Field(description="A gain up to this may be chance.")]


class TunedResult(Exact):
    """What a search for settings returns."""

    version: Annotated[str, Field(description="The worker's own.")]
    status: Literal["completed"]
    trials: Annotated[list[Trial | TrialWithoutTopics], Field(min_length=1, description="The default first.")]
    best: BestTrial
    advised: Annotated[TunedParams, Field(description="What to add to params: nothing if the default stays.")]
    completedAt: Annotated[str, Field(pattern=TIME, description="UTC.")]


def tune_definitions() -> dict[str, Any]:
    """Give the definitions of the kind `topic-model.tune` that the kind `topic-model` has not."""
    parts = parts_of(TuneEnvelope, TunedResult)
    parts["TopicModelTuneRequest"] = request(parts.pop(TuneEnvelope.__name__), _TUNE)
    parts["TopicModelTuneResult"] = {
        "description": "The job's return value.",
        "anyOf": [{"$ref": "#/$defs/TunedResult"}, {"$ref": "#/$defs/FailedResult"}],
    }
    return parts
