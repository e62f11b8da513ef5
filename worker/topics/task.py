"""What the compute process is asked to do with a batch, and some of what it answers: plain values, numpy only."""

from dataclasses import dataclass, field
from typing import ClassVar

from worker.topics.earlier import EarlierTopics
from worker.topics.fit import FloatArray, IntArray, TopicParams


@dataclass(frozen=True, eq=False)
class FitBatch:
    """Fit a batch once for each of its variants; gives a `TopicFit` or `NoTopics` for each, in their order.

    Attributes:
        function: that runs it, imported in the compute process only.
        texts: (n,).
        embeddings: (n - m, d) float32, L2-normalized; without those that are missing.
        variants: what was asked for.
        diagnose: whether the fits come with what explains them.
        levers: whether what explains them tells what other parameters would give.
        stability: reruns of each fit without a few of the documents, to say how far its topics hold together; 0 for
            none.
        keep: whether the fits come with what a kept model needs.
        save_bertopic: a folder for BERTopic's own object of the last fit; None for none.
        earlier: the topics that stay; None for a first fit.
        missing: (m,) int64, rising: the texts that the worker's own model is to embed; None for none.
    """

    function: ClassVar[str] = "worker.topics.engine:fit_batch"

    # Not in the repr: a task in a traceback or a log must show nobody's words.
    texts: tuple[str, ...] = field(repr=False)
    embeddings: FloatArray = field(repr=False)
    variants: tuple[TopicParams, ...]
    diagnose: bool = False
    levers: bool = False
    stability: int = 0
    keep: bool = False
    save_bertopic: str | None = None
    earlier: EarlierTopics | None = None
    missing: IntArray | None = None


@dataclass(frozen=True, eq=False)
class EmbedTexts:
    """Embed texts; gives (n, d) float32, L2-normalized, or `Unembedded` or `TooManyNumbers`.

    Attributes:
        function: that runs it, imported in the compute process only.
        texts: (n,).
        model: the name or the folder of a sentence-transformers model.
        most_numbers: how long an embedding may be.
    """

    function: ClassVar[str] = "worker.topics.embedding:run"

    texts: tuple[str, ...] = field(repr=False)
    model: str
    most_numbers: int


@dataclass(frozen=True)
class Unembedded:
    """Texts could not be embedded; `why` names the model and what is wrong."""

    why: str


@dataclass(frozen=True)
class TooManyNumbers:
    """No text was embedded, since the model gives `dimension` numbers for each."""

    dimension: int


@dataclass(frozen=True, eq=False)
class CompareLabels:
    """Compare topics with labels that people gave; gives an `Agreement`.

    Attributes:
        function: that runs it, imported in the compute process only.
        topics: (n,) int64, -1 for outliers.
        labels: (n,) as people gave them, "" for none.
    """

    function: ClassVar[str] = "worker.topics.evaluation.agreement:run"

    topics: IntArray = field(repr=False)
    labels: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True)
class Agreement:
    """How far topics agree with labels, over the documents that have a label.

    Attributes:
        n_labelled: documents with a label.
        n_labels: different labels.
        nmi: normalized mutual information of topics and labels over the documents in a topic, in [0, 1].
        nmi_with_outliers: the same over all documents with a label, the outliers being one topic more.
        coverage: share of the documents with a label that are in a topic.
    """

    n_labelled: int
    n_labels: int
    nmi: float
    nmi_with_outliers: float
    coverage: float
