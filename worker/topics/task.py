"""What the compute process is asked to do with a batch: plain values, numpy only."""

from dataclasses import dataclass, field
from typing import ClassVar

from worker.topics.earlier import EarlierTopics
from worker.topics.fit import FloatArray, TopicParams


@dataclass(frozen=True, eq=False)
class FitBatch:
    """Fit a batch once for each of its variants; gives a `TopicFit` or `NoTopics` for each, in their order.

    Attributes:
        function: that runs it, imported in the compute process only.
        texts: (n,).
        embeddings: (n, d) float32, L2-normalized.
        variants: what was asked for.
        diagnose: whether the fits come with what explains them.
        levers: whether what explains them tells what other parameters would give.
        stability: reruns of each fit without a few of the documents, to say how far its topics hold together; 0 for
            none.
        keep: whether the fits come with what a kept model needs.
        save_bertopic: a folder for BERTopic's own object of the last fit; None for none.
        earlier: the topics that stay; None for a first fit.
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
