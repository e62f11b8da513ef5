"""What the engine is told of an earlier fit, and what it says of what became of it: plain values, numpy only."""

from dataclasses import dataclass, field

from worker.topics.arrays import IntArray

# A document that was in no topic, and one of which the earlier fit knows nothing.
OUTLIER_BEFORE = -1
UNKNOWN = -2


@dataclass(frozen=True, eq=False)
class EarlierTopics:
    """An earlier fit, as far as it concerns the documents of this batch.

    Attributes:
        labels: (n,) int64, the number of the topic that each document was in, `OUTLIER_BEFORE` or `UNKNOWN`.
        raw_labels: of each topic that was in use, by its number.
        highest: the highest number that was ever used; -1 for none.
        n_outliers_among_unknown: documents that were probably outliers before, though `labels` has them as unknown,
            because a result lists no outliers.
    """

    labels: IntArray
    # Not in the repr: a label is made of words of comments.
    raw_labels: dict[int, str] = field(repr=False)
    highest: int
    n_outliers_among_unknown: int = 0


@dataclass(frozen=True)
class RefitAdvice:
    """Whether topics found anew would be clearly better than the kept ones, and why."""

    advised: bool
    why: str = ""


@dataclass(frozen=True)
class Continuity:
    """What became of the topics of an earlier fit.

    Attributes:
        numbers: of each topic of this fit, in the fit's order; never one that a topic had before and another has now.
        raw_labels: of each topic of this fit, the label that it keeps; None if its keywords give it a new one.
        kept: numbers of the topics that were there before, rising.
        born: numbers of the new topics, rising.
        faded: numbers of the topics that are no longer there, rising; and the highest number ever used, if no
            topic has it or a higher one, so that the next fit knows which numbers are free.
        moved: documents of `shared` that are now in another topic or in none.
        shared: documents that were in a topic before.
        refit: whether a refit is advised.
    """

    numbers: tuple[int, ...]
    raw_labels: tuple[str | None, ...] = field(repr=False)
    kept: tuple[int, ...]
    born: tuple[int, ...]
    faded: tuple[int, ...]
    moved: int
    shared: int
    refit: RefitAdvice
