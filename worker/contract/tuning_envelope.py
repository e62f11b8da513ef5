"""The envelope of `topic-model.tune`: a batch, and the values to try of some settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import prod
from typing import Annotated, Any, Final

from pydantic import Field, PlainValidator, Strict, ValidationError, WithJsonSchema
from pydantic_core import PydanticCustomError

from worker.contract.envelope import Batch, Correlation, Rejection, read_envelope
from worker.contract.job_types import JobType, only, schema_of
from worker.contract.rules import MAX_COMPONENTS, MAX_MIN_SAMPLES, MAX_NEIGHBORS, MAX_TOPICS, Envelope, Params

# The settings that can be tried, by their names in the request: the engine's name, the least and the largest value.
TUNABLE: Final = {
    "nr_topics": ("n_topics", 1, MAX_TOPICS),
    "min_topic_size": ("min_cluster_size", 2, None),
    "umap_n_neighbors": ("n_neighbors", 2, MAX_NEIGHBORS),
    "umap_n_components": ("n_components", 1, MAX_COMPONENTS),
    "hdbscan_min_samples": ("min_samples", 1, MAX_MIN_SAMPLES),
}
MOST_VALUES: Final = 20
# Each trial is five clusterings and a ranking of keywords: a hundred would take an hour on a large batch.
MOST_TRIALS: Final = 64

_IGNORED: Final = "{} is ignored: a search for settings keeps no model and continues no topics"


def _grid(value: object) -> dict[str, tuple[int, ...]] | None:
    if value is None:
        return None
    if not isinstance(value, dict) or not value or not value.keys() <= TUNABLE.keys():
        raise PydanticCustomError("grid", "must be an object with some of {names}", {"names": ", ".join(TUNABLE)})
    grid = {name: _values(name, value[name]) for name in TUNABLE if name in value}
    n_trials = prod(map(len, grid.values()))
    if n_trials > MOST_TRIALS:
        message = "asks for {found} trials, all values with all: at most {most}"
        raise PydanticCustomError("grid", message, {"found": n_trials, "most": MOST_TRIALS})
    return grid


def _values(name: str, values: object) -> tuple[int, ...]:
    """Give the values of one setting, each once, by the rule of that setting."""
    if isinstance(values, list) and 0 < len(values) <= MOST_VALUES and None not in values:
        try:
            found = [getattr(Params.model_validate({name: value}), name) for value in values]
        except ValidationError as error:
            message = "{name}: {flaw}"
            flaw = error.errors(include_url=False, include_input=False)[0]["msg"]
            raise PydanticCustomError("grid", message, {"name": name, "flaw": flaw}) from None
        return tuple(dict.fromkeys(found))
    message = "{name}: must be an array of 1 to {most} integers"
    raise PydanticCustomError("grid", message, {"name": name, "most": MOST_VALUES})


def _values_schema(least: int, most: int | None) -> dict[str, Any]:
    number = {"type": "integer", "minimum": least, **({} if most is None else {"maximum": most})}
    return {"type": "array", "minItems": 1, "maxItems": MOST_VALUES, "items": number}


# Keep the schema next to its rule: test_schema.py checks that they agree.
_GRID_SCHEMA: Final = {
    "type": ["object", "null"],
    "minProperties": 1,
    "additionalProperties": False,
    "properties": {name: _values_schema(least, most) for name, (_, least, most) in TUNABLE.items()},
}


class TuneParams(Params):
    """The parameters of a search for settings."""

    grid: Annotated[dict[str, tuple[int, ...]] | None, PlainValidator(_grid), WithJsonSchema(_GRID_SCHEMA)] = Field(
        None,
        description=f"Values to try of each setting, all with all, at most {MOST_TRIALS} trials. Left out: numbers of "
        "topics, then sizes of the smallest topic.",
    )


class TuneEnvelope(Envelope):
    """The envelope of a search for settings."""

    type: Annotated[str, Strict(), only(JobType.TUNE), schema_of(JobType.TUNE)]
    params: TuneParams | None = None


@dataclass(frozen=True, eq=False)
class Tuning:
    """A sound envelope of a search for settings.

    Attributes:
        batch: whose parameters are the default.
        grid: the values to try, by the engine's names; empty for the worker's own search.
    """

    batch: Batch = field(repr=False)
    grid: Mapping[str, tuple[int, ...]]

    @property
    def correlation(self) -> Correlation:
        """The ids for the logs."""
        return self.batch.correlation

    @property
    def warnings(self) -> tuple[str, ...]:
        """One line each, for people; no text, no embedding."""
        return self.batch.warnings

    @property
    def n_items(self) -> int:
        """How many items the envelope has."""
        return self.batch.n_items


def read_tuning(data: object) -> Tuning | Rejection:
    """Read the envelope of a search for settings."""
    batch = read_envelope(data, TuneEnvelope)
    if isinstance(batch, Rejection):
        return batch
    ignored = {"previous": batch.previous, "model": batch.model}
    warnings = tuple(_IGNORED.format(name) for name, value in ignored.items() if value is not None)
    batch = replace(batch, previous=None, model=None, warnings=(*batch.warnings, *warnings))
    sent = data.get("params") if isinstance(data, dict) else None
    grid = TuneParams.model_validate(sent or {}).grid or {}
    return Tuning(batch, {TUNABLE[name][0]: values for name, values in grid.items()})
