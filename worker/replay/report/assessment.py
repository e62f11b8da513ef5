"""Which topics are good, which are doubtful, and why.

None of the five metrics tells a good topic from a bad one by itself: silhouette, NPMI and the
outlier ratio all prefer one topic that holds nearly all documents. So each topic is checked for
what a reader would check by hand. `advice` tells which parameter would change a doubtful topic.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from worker.replay.report.doubts import Doubt, are_enough, doubts_of, sorts
from worker.replay.report.measures import Measures, measure
from worker.replay.topic_remarks import excess_line
from worker.topics.diagnostics import Diagnostics
from worker.topics.fit import TopicFit
from worker.topics.nuisance import Excess


@dataclass(frozen=True)
class Assessment:
    """What speaks against one topic.

    Attributes:
        measures: what was measured of it.
        doubts: the reasons to doubt it; empty if it is good.
        remarks: what speaks against it, but not enough for a doubt.
    """

    measures: Measures
    doubts: tuple[Doubt, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def index(self) -> int:
        """The number of the topic."""
        return self.measures.index

    @property
    def size(self) -> int:
        """The number of its documents."""
        return self.measures.size

    @property
    def is_good(self) -> bool:
        """Whether there is no doubt about it."""
        return not self.doubts


def assess(fit: TopicFit, diagnostics: Diagnostics, texts: Sequence[str], n_items: int) -> list[Assessment]:
    """Assess each topic of a fit, in their order.

    Args:
        fit: the fit.
        diagnostics: the diagnostics of the fit.
        texts: (n,) the documents.
        n_items: number of items of the batch, those with a zero vector among them.
    """
    return [_assess(topic, fit) for topic in measure(fit, diagnostics, texts, n_items)]


def _assess(topic: Measures, fit: TopicFit) -> Assessment:
    excesses = _excesses(fit, topic.index)
    doubts = tuple(doubts_of(topic, fit, excesses))
    remarks = tuple(excess_line(excess) for excess in excesses if not sorts(excess, topic))
    if are_enough(doubts):
        return Assessment(topic, doubts, remarks)
    # One suspicion alone is no doubt: good topics have one too.
    return Assessment(topic, (), (*(doubt.what for doubt in doubts), *remarks))


def _excesses(fit: TopicFit, topic: int) -> tuple[Excess, ...]:
    """Give what a topic's comments share beyond the batch; nothing if the engine, such as a test's, told nothing."""
    return fit.excesses[topic] if fit.excesses else ()
