"""What MLflow is told of a job: plain values, no comment's text, no submission id, no embedding."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, TypeAlias

from worker.contract.envelope import Batch
from worker.contract.job_types import JobType
from worker.contract.result import Document
from worker.contract.tuning_envelope import TUNABLE, Tuning

JSON: TypeAlias = "dict[str, JSON] | list[JSON] | str | int | float | bool | None"
Row: TypeAlias = dict[str, JSON]
# A metric: name, value, step.
Metric: TypeAlias = tuple[str, float, int]

LEVELS: Final = ("LOW", "MEDIUM", "HIGH")
TOO_FEW: Final = "too few to tell"
# Older servers take no longer value of a parameter.
_PARAMETER_CHARS: Final = 500
_DEFAULT: Final = "default"
_REQUEST_NAMES: Final = {engine_name: name for name, (engine_name, *_) in TUNABLE.items()}
_DRIFT: Final = {
    "pValue": "p_value",
    "excessVariation": "excess_variation",
    "outlierExcess": "outlier_excess",
    "shift": "shift",
}


@dataclass(frozen=True)
class ModelVersion:
    """A version in the model store: the URL of the store, the tenant and the version's name."""

    store: str
    tenant: str
    version: str


@dataclass(frozen=True)
class Run:
    """A job as MLflow is to show it.

    Attributes:
        name: of the run.
        began_ms: Unix time.
        ended_ms: Unix time.
        tags: by name.
        parameters: of the request; "default" for what it left out.
        metrics: in order.
        tables: by the name of their files.
        model: the version that the job made active; None for none.
    """

    name: str
    began_ms: int
    ended_ms: int
    tags: Mapping[str, str]
    parameters: Mapping[str, str]
    metrics: Sequence[Metric]
    tables: Mapping[str, Sequence[Row]] = field(repr=False)
    model: ModelVersion | None = None

    def to_json(self) -> str:
        """Give it as one line."""
        return json.dumps(asdict(self), allow_nan=False)

    @classmethod
    def from_json(cls, line: str) -> "Run":
        """Read what `to_json` gave."""
        fields = json.loads(line)
        model = fields.pop("model")
        return cls(**fields, model=None if model is None else ModelVersion(**model))


def parameters_of(request: Batch | Tuning) -> dict[str, str]:
    """Give what a request asks of the engine, by its names in the request."""
    batch = request.batch if isinstance(request, Tuning) else request
    asked: dict[str, Any] = asdict(batch.params)
    if isinstance(request, Tuning):
        grid = {_REQUEST_NAMES.get(name, name): list(values) for name, values in (request.grid or {}).items()}
        asked["grid"] = grid or None
    return {_REQUEST_NAMES.get(name, name): _text(value) for name, value in asked.items()}


def _text(value: object) -> str:
    if value is None:
        return _DEFAULT
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    return text[:_PARAMETER_CHARS]


def tags_of(document: Document) -> dict[str, str]:
    """Give what a result says that is no number: its model and its drift."""
    tags: dict[str, str] = {}
    match document.get("model"):
        case {"tenant": str(tenant), "version": str(version), **rest}:
            tags |= {"tenant": tenant, "model_version": version}
            if "previousVersion" in rest:
                tags["previous_version"] = str(rest["previousVersion"])
    match document.get("drift"):
        case {"level": str(level), "enough": bool(enough)}:
            tags["drift"] = level if enough else TOO_FEW
    match document.get("best"):
        case {"params": params}:
            tags["best_params"] = _text(params)
    return tags


def metrics_of(document: Document, n_items: int, duration_s: float) -> list[Metric]:
    """Give the numbers of a result.

    Args:
        document: completed.
        n_items: of the request.
        duration_s: of the job, seconds.
    """
    named: dict[str, Any] = {"items": n_items, "duration_s": duration_s}
    match document.get("metrics"):
        case dict(metrics):
            named |= metrics
    match document.get("topics"):
        case list(topics):
            named |= {"topics": len(topics), "outlier_count": document.get("outlierCount")}
    match document.get("born"):
        case list(born):
            named["born"] = len(born)
    match document.get("drift"):
        case {"level": str(level), "enough": True, **rest}:
            named["drift_level"] = LEVELS.index(level)
            named |= {f"drift_{name}": rest[key] for key, name in _DRIFT.items()}
    match document.get("best"):
        case {"gain": gain, "noise": noise, "beatsDefault": beats}:
            named |= {"best_gain": gain, "noise": noise, "beats_default": int(bool(beats))}
    return [(name, float(value), 0) for name, value in named.items() if isinstance(value, int | float)] + [
        ("objective", float(row["objective"]), step)  # type: ignore[arg-type]
        for step, row in enumerate(_trials(document))
        if "objective" in row
    ]


def tables_of(document: Document) -> dict[str, list[Row]]:
    """Give the topics of a result, and the trials of a search, as tables."""
    tables: dict[str, list[Row]] = {}
    match document.get("topics"):
        case list(topics):
            tables["topics"] = [_topic_row(topic) for topic in topics if isinstance(topic, dict)]
    trials = _trials(document)
    return {**tables, "trials": trials} if trials else tables


def _topic_row(topic: Mapping[str, Any]) -> Row:
    # Named one by one: whatever a result may hold some day, no comment leaves by this door.
    row: Row = {name: topic[name] for name in ("topicIndex", "rawLabel", "label") if name in topic}
    row["keywords"] = ", ".join(topic["keywords"])
    return row | {name: topic[name] for name in ("docCount", "totalCount") if name in topic}


def _trials(document: Document) -> list[Row]:
    match document.get("trials"):
        case list(trials):
            return [_trial_row(trial) for trial in trials if isinstance(trial, dict)]
    return []


def _trial_row(trial: Mapping[str, Any]) -> Row:
    names = ("topicCount", "largestShare", "modularity", "stability", "objective", "excluded", "error")
    measured = {name: trial[name] for name in names if name in trial}
    return {
        "params": _text(trial["params"]),
        "inForce": _text(trial["inForce"]),
        **measured,
        **trial.get("metrics", {}),
    }


# Kinds that fit; a prediction is no run.
TRACKED: Final = frozenset({JobType.FIT, JobType.UPDATE, JobType.REBUILD, JobType.TUNE})
