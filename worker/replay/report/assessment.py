"""Which topics are good, which are doubtful, and why: rules of thumb in plain words.

None of the five metrics tells a good topic from a bad one by itself: silhouette, NPMI and the
outlier ratio all prefer one topic that holds nearly everything. So each topic is looked at by what
a reader would check by hand, and each doubt names the parameter that moves it.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from worker.replay.report.levers import FORCED_MERGE, Change, Levers
from worker.replay.report.targets import BROAD_SHARE
from worker.replay.report.votes import neighbor_shares
from worker.topics.fit import Diagnostics, DoubleArray, TopicFit

# Of the average topic's size: from there on a topic's failings are those of a mixture, below, of a splinter.
LARGE: Final = 1.5
# Documents that are nearer to another topic's members than to their own.
STRAY_SHARE: Final = 0.4
# Documents that came in as outliers.
PLACED_SHARE: Final = 0.5
# Documents that hold at least one of the ten keywords.
COVERAGE: Final = 0.3
# Neighbours in the same topic, of those that could be.
AGREEMENT: Final = 0.3
# Keywords below this hardly ever stand within ten words of each other.
UNRELATED_NPMI: Final = -0.3
# Keywords that two topics share.
SHARED_KEYWORDS: Final = 3


@dataclass(frozen=True)
class Doubt:
    """One thing that speaks against a topic, in words, and what would change it, if anything."""

    what: str
    change: Change | None


@dataclass(frozen=True)
class Assessment:
    """One topic, looked at.

    Attributes:
        index: of the topic.
        share: of all documents.
        stray: share of its documents that are nearer to another topic.
        placed: share of its documents that came in as outliers.
        agreement: share of its documents' neighbours in it, of those that could be.
        nearest: the topic most like it; -1 where there is no other.
        nearest_similarity: cosine of the centred means.
        shared_keywords: with the topic that shares most.
        doubts: none for a good topic.
    """

    index: int
    size: int
    share: float
    keywords: tuple[str, ...]
    npmi: float
    coherence: float
    silhouette: float
    coverage: float
    stray: float
    placed: float
    agreement: float
    nearest: int
    nearest_similarity: float
    shared_keywords: tuple[str, ...]
    doubts: tuple[Doubt, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.doubts


def assess(fit: TopicFit, diagnostics: Diagnostics, n_items: int) -> list[Assessment]:
    """Look at each topic of a fit to a batch of so many items, in their order."""
    shares = neighbor_shares(fit, diagnostics)
    return [
        _with_doubts(_measure(fit, diagnostics, shares, topic, n_items), fit, diagnostics)
        for topic in range(len(fit.topics))
    ]


def _measure(fit: TopicFit, diagnostics: Diagnostics, shares: DoubleArray, topic: int, n_items: int) -> Assessment:
    members = fit.labels == topic
    own = fit.topics[topic]
    k = max(diagnostics.neighbors.shape[1], 1)
    similarity = diagnostics.topic_similarity[topic].astype(np.float64)
    similarity[topic] = -np.inf
    has_other = len(fit.topics) > 1
    overlaps = [
        tuple(word for word in own.keywords if word in set(other.keywords)) if index != topic else ()
        for index, other in enumerate(fit.topics)
    ]
    return Assessment(
        index=topic,
        size=own.size,
        share=own.size / n_items,
        keywords=own.keywords,
        npmi=float(diagnostics.npmi[topic]),
        coherence=float(diagnostics.coherence[topic]),
        silhouette=float(diagnostics.silhouettes[members].mean()),
        coverage=float(diagnostics.coverage[topic]),
        stray=float(np.mean(diagnostics.silhouettes[members] < 0)),
        placed=float(np.mean(diagnostics.core[members] < 0)),
        agreement=min(1.0, float(shares[members, topic].mean()) / min(1.0, max(own.size - 1, 1) / k)),
        nearest=int(similarity.argmax()) if has_other else -1,
        nearest_similarity=float(similarity.max()) if has_other else 0.0,
        shared_keywords=max(overlaps, key=len),
    )


def _with_doubts(topic: Assessment, fit: TopicFit, diagnostics: Diagnostics) -> Assessment:
    levers = Levers(fit, diagnostics, topic.index)
    is_large = topic.size * len(fit.topics) >= LARGE * sum(other.size for other in fit.topics)
    doubts = []
    if topic.share > BROAD_SHARE:
        what = f"very broad: it holds {topic.share:.0%} of all comments, too many for ten keywords"
        doubts.append(Doubt(what, levers.finer()))
    if topic.stray >= STRAY_SHARE:
        what = f"blurred: {topic.stray:.0%} of its comments are nearer to another topic than to this one"
        doubts.append(Doubt(what, levers.finer() if is_large else levers.coarser()))
    if topic.agreement < AGREEMENT:
        what = (
            f"entangled: only {topic.agreement:.0%} of the comments around its own are in it; "
            f"the topic most like it is {topic.nearest}"
        )
        doubts.append(Doubt(what, levers.finer() if is_large else levers.coarser()))
    if topic.placed >= PLACED_SHARE:
        what = f"thin core: {topic.placed:.0%} of its comments were outliers and joined afterwards"
        doubts.append(Doubt(what, levers.denser()))
    if topic.coverage < COVERAGE:
        what = (
            f"badly named: only {topic.coverage:.0%} of its comments hold any of its keywords; "
            "read some before naming it"
        )
        doubts.append(Doubt(what, levers.finer() if is_large else None))
    # Of a small topic it tells nothing: in two dozen comments most words stand beside each other once or never.
    if is_large and topic.npmi < UNRELATED_NPMI:
        what = f"keywords that hardly ever occur together (NPMI {topic.npmi:.2f}): it may be several things in one"
        doubts.append(Doubt(what, levers.finer()))
    if len(topic.shared_keywords) >= SHARED_KEYWORDS:
        what = f"nearly a double: it shares the keywords {', '.join(topic.shared_keywords)} with another topic"
        doubts.append(Doubt(what, levers.fewer()))
    if (similarity := levers.worst_merge()) is not None and similarity < FORCED_MERGE:
        what = f"joined by force: clusters with a similarity of only {similarity:.2f} were merged to keep to nr_topics"
        doubts.append(Doubt(what, levers.more()))
    return replace(topic, doubts=tuple(doubts))
