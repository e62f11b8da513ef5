"""What a job returns; `status` tells which of its kind's it is."""

from typing import Any, Literal, NotRequired, TypedDict


class Topic(TypedDict):
    """One topic; what `params` or a kept model add is optional."""

    topicIndex: int
    rawLabel: str
    keywords: list[str]
    docCount: int
    totalCount: NotRequired[int]
    since: NotRequired[str]
    label: NotRequired[str]
    aspectLabel: NotRequired[str]
    aspectSimilarity: NotRequired[float]
    isEmergent: NotRequired[bool]


class Assignment(TypedDict):
    """The topic of one comment."""

    submissionId: str
    topicIndex: int
    probability: float


class Metrics(TypedDict):
    """How good the topics are."""

    npmi_coherence: float
    topic_diversity: float
    outlier_ratio: float
    silhouette_score: float
    embedding_coherence: float


class Completed(TypedDict):
    """The topics of a batch. A prediction has no `metrics`; what else is optional, docs/contract.md explains."""

    version: str
    status: Literal["completed"]
    topics: list[Topic]
    assignments: list[Assignment]
    outlierCount: int
    completedAt: str
    metrics: NotRequired[Metrics]
    continuity: NotRequired[dict[str, Any]]
    model: NotRequired[dict[str, Any]]
    drift: NotRequired[dict[str, Any]]
    born: NotRequired[list[int]]
    snapshot: NotRequired[list[dict[str, Any]]]
    redirects: NotRequired[dict[str, int]]


class Failed(TypedDict):
    """The data is at fault: the same batch would fail again."""

    version: str
    status: Literal["failed"]
    error: str
    completedAt: str


class Skipped(TypedDict):
    """There was nothing to do: an update with too few comments."""

    version: str
    status: Literal["skipped"]
    reason: str
    completedAt: str


class Best(TypedDict):
    """The best trial of a search for settings, by its place in `trials`."""

    trial: int
    params: dict[str, int]
    beatsDefault: bool
    gain: float
    noise: float


class Tuned(TypedDict):
    """What a search for settings found; `advised` is what to add to `params`."""

    version: str
    status: Literal["completed"]
    trials: list[dict[str, Any]]
    best: Best
    advised: dict[str, int]
    completedAt: str


Result = Completed | Failed | Skipped
TuneResult = Tuned | Failed
