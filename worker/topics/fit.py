"""What goes into the engine and what comes out: plain values, numpy only."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Final

from worker.topics import arrays
from worker.topics.diagnostics import Diagnostics, Stability
from worker.topics.earlier import Continuity
from worker.topics.extensions import (
    DEFAULT_MMR_DIVERSITY,
    DEFAULT_SECOND_TOPIC,
    Guidance,
    SecondTopicRule,
    SecondTopics,
)
from worker.topics.nuisance import Excess
from worker.topics.traits import TopicTraits

FloatArray = arrays.FloatArray
DoubleArray = arrays.DoubleArray
IntArray = arrays.IntArray
BoolArray = arrays.BoolArray

DEFAULT_MIN_CLUSTER_SIZE = 15
DEFAULT_N_TOPICS = 20
DEFAULT_N_NEIGHBORS = 20
DEFAULT_N_COMPONENTS = 10
DEFAULT_MIN_SAMPLES = 5


class Stage(StrEnum):
    """The stages of a batch, in order; `validate` happens before the engine."""

    VALIDATE = "validate"
    NEIGHBOURS = "neighbours"
    REDUCE = "reduce"
    CLUSTER = "cluster"
    REPRESENT = "represent"
    EVALUATE = "evaluate"


# Before all of these, if a batch has comments without an embedding.
EMBED: Final = "embed"


@dataclass(frozen=True)
class TopicParams:
    """What a request asks of the engine; `None` means left out, so the default may adapt.

    Attributes:
        min_cluster_size: documents, >= 2.
        n_topics: the most real topics wanted, >= 1; the outliers are not counted.
        n_neighbors: of UMAP, >= 2.
        n_components: of UMAP, >= 1.
        min_samples: of HDBSCAN, >= 1.
        reduce_outliers: whether outliers are placed if their neighbors agree.
        aspects: seed words by the aspect's name, to match topics to; None for not asked.
        academic_aspects: whether the built-in aspects are taken if none are given.
        match_threshold: cosine in [-1, 1] below which a topic matches no aspect; None for what random words reach.
        mmr_diversity: in [0, 1]; 0 takes the keywords that say most of a topic, 1 those that are least alike.
        multi_topic: whether documents get a second topic, also if topics are matched to no aspects.
        second_topic: when a document has one.
        stop_words: words and phrases that name no topic, beside the built-in lists.
        neutralize: whether what tells pronouns, forms of address and language is taken out of the embeddings.
        refit: whether topics are found anew though there are earlier ones, whose numbers go over to those that match.
    """

    min_cluster_size: int | None = None
    n_topics: int | None = None
    n_neighbors: int | None = None
    n_components: int | None = None
    min_samples: int | None = None
    reduce_outliers: bool = True
    aspects: Mapping[str, tuple[str, ...]] | None = None
    academic_aspects: bool = False
    match_threshold: float | None = None
    mmr_diversity: float = DEFAULT_MMR_DIVERSITY
    multi_topic: bool = False
    second_topic: SecondTopicRule = DEFAULT_SECOND_TOPIC
    stop_words: tuple[str, ...] = ()
    refit: bool = False
    neutralize: bool = False

    @property
    def is_guided(self) -> bool:
        """Whether topics are matched to aspects."""
        return self.aspects is not None or self.academic_aspects


@dataclass(frozen=True)
class Topic:
    """One topic: its keywords, best first (1 to 10, none empty), and its number of documents."""

    keywords: tuple[str, ...]
    size: int


@dataclass(frozen=True)
class TopicMetrics:
    """The five metrics of the contract, finite, not yet rounded."""

    npmi_coherence: float
    topic_diversity: float
    outlier_ratio: float
    silhouette_score: float
    embedding_coherence: float


Details = Mapping[str, str | int | float | bool]


@dataclass(frozen=True)
class TopicFit:
    """The topics of a batch.

    Attributes:
        labels: (n,) int64, index into `topics`, -1 for outliers.
        probabilities: (n,) float32 in [0, 1], 0 for outliers.
        topics: by falling size; ties by the first document in the canonical order.
        metrics: over the documents that were given.
        parameters: what was in force, with what adapted it.
        encoder: the keyword encoder whose vectors made `embedding_coherence`.
        guidance: if aspects were asked for.
        second: if second topics were asked for.
        diagnostics: if they were asked for.
        stability: if it was asked for.
        traits: if they were asked for.
        continuity: if there was an earlier fit to continue.
        excesses: for each topic, what its comments' wording shares far beyond the batch's; mostly nothing.
        names: for people, of each topic, "" for none; empty if none were asked for. The engine gives none.
    """

    labels: IntArray
    probabilities: FloatArray
    topics: tuple[Topic, ...]
    metrics: TopicMetrics
    parameters: Details = field(default_factory=dict)
    encoder: str = "corpus"
    guidance: Guidance | None = None
    second: SecondTopics | None = None
    diagnostics: Diagnostics | None = None
    stability: Stability | None = None
    traits: TopicTraits | None = None
    continuity: Continuity | None = None
    excesses: tuple[tuple[Excess, ...], ...] = ()
    names: tuple[str, ...] = ()


class NoTopicsReason(StrEnum):
    """Why a batch gives no topics though its envelope is sound."""

    NO_CLUSTERS = "no_clusters"
    NO_KEYWORDS = "no_keywords"
    NO_EMBEDDINGS = "no_embeddings"


@dataclass(frozen=True)
class Shortfall:
    """Why there are no clusters: how many similar comments were wanted, among how many, and the most there were."""

    wanted: int
    n_documents: int
    largest: int


@dataclass(frozen=True)
class NoTopics:
    """A batch gives no topics.

    Attributes:
        reason: why.
        shortfall: the figures, if there were no clusters.
        why_not_embedded: one line for people, if comments without an embedding cannot get one.
    """

    NO_CLUSTERS: ClassVar["NoTopics"]
    NO_KEYWORDS: ClassVar["NoTopics"]

    reason: NoTopicsReason
    shortfall: Shortfall | None = None
    why_not_embedded: str = ""


NoTopics.NO_CLUSTERS = NoTopics(NoTopicsReason.NO_CLUSTERS)
NoTopics.NO_KEYWORDS = NoTopics(NoTopicsReason.NO_KEYWORDS)


@dataclass(frozen=True)
class StageStarted:
    """A stage begins; for a fit it is a `Stage`, other kinds of job have their own."""

    stage: str


@dataclass(frozen=True)
class StageFinished:
    """A stage is done: how long it took (monotonic clock), and what a reader wants to know of it."""

    stage: str
    duration_s: float
    details: Details = field(default_factory=dict)


@dataclass(frozen=True)
class StageAdvanced:
    """A part of the running stage is done: `share` of it, in [0, 1]."""

    stage: str
    share: float


@dataclass(frozen=True)
class BatchWarning:
    """There is something about the batch that a person should know; one line, without a comment's words."""

    line: str


StageEvent = StageStarted | StageAdvanced | StageFinished | BatchWarning
OnStage = Callable[[StageEvent], None]
