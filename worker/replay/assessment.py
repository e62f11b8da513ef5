"""Which topics are good, which are doubtful, why, and what to change: rules of thumb in plain words.

None of the five metrics tells a good topic from a bad one by itself: silhouette, NPMI and the
outlier ratio all prefer one topic that holds nearly everything. So each topic is looked at by what
a reader would check by hand, and each doubt names the parameter that moves it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from worker.replay.votes import neighbor_shares
from worker.topics.fit import Diagnostics, DoubleArray, TopicFit

# A topic with more than this share of the documents says little about any of them.
BROAD_SHARE: Final = 0.25
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
# Clusters below this were joined only because nothing nearer was left.
FORCED_MERGE: Final = 0.25


@dataclass(frozen=True)
class Target:
    """A metric of the result beside what it should be.

    Attributes:
        name: as in the result.
        value: as in the result.
        rule: the target in words; empty where there is none.
        met: None where there is no target.
        meaning: one sentence for someone who has not met the metric.
    """

    name: str
    value: float
    rule: str
    met: bool | None
    meaning: str


@dataclass(frozen=True)
class Change:
    """A change of one parameter: which way, from what, to what might be tried next."""

    param: str
    way: str
    now: int | bool
    to: int | bool

    @property
    def setting(self) -> str:
        """As `--set` takes it."""
        value = str(self.to).lower() if isinstance(self.to, bool) else str(self.to)
        return f"{self.param}={value}"


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


def targets(metrics: dict[str, float], largest_share: float, encoder: str) -> list[Target]:
    """Put the metrics beside the API's targets; that for the largest topic is a rule of thumb of this report."""
    outliers, npmi = metrics["outlier_ratio"], metrics["npmi_coherence"]
    diversity, coherence = metrics["topic_diversity"], metrics["embedding_coherence"]
    return [
        Target("outlier_ratio", outliers, "under 0.20", outliers < 0.2, "Share of comments that are in no topic."),
        Target(
            "largest topic",
            round(largest_share, 4),
            f"at most {BROAD_SHARE:.2f}",
            largest_share <= BROAD_SHARE,
            "Share of comments in the largest topic. The other metrics do not notice when one topic swallows all.",
        ),
        Target(
            "topic_diversity",
            diversity,
            "above 0.70",
            diversity > 0.7,
            "Distinct keywords among all topics' keywords.",
        ),
        Target(
            "silhouette_score",
            metrics["silhouette_score"],
            "",
            None,
            "As high as it goes; above 0, comments are nearer to their own topic than to the next. For short comments "
            "0.05 is usual.",
        ),
        Target(
            "npmi_coherence",
            npmi,
            "above 0.10",
            npmi > 0.1,
            "Whether a topic's keywords stand near each other in the comments. Short comments hardly get there: below "
            "0 is usual.",
        ),
        Target(
            "embedding_coherence",
            coherence,
            "above 0.50",
            coherence > 0.5,
            f"How alike a topic's keywords are in meaning. It depends on the encoder ({encoder}): compare only "
            "results of the same one.",
        ),
    ]


def assess(fit: TopicFit, diagnostics: Diagnostics, n_items: int) -> list[Assessment]:
    """Look at each topic of a fit to a batch of so many items, in their order."""
    shares = neighbor_shares(fit, diagnostics)
    return [
        _with_doubts(_measure(fit, diagnostics, shares, topic, n_items), fit, diagnostics)
        for topic in range(len(fit.topics))
    ]


def changes(assessments: list[Assessment]) -> list[tuple[Change, list[int]]]:
    """Collect the changes that doubts ask for, with the topics they would help; the most documents first."""
    topics: dict[Change, list[int]] = {}
    weight: dict[Change, int] = {}
    for topic in assessments:
        for change in dict.fromkeys(doubt.change for doubt in topic.doubts if doubt.change is not None):
            topics.setdefault(change, []).append(topic.index)
            weight[change] = weight.get(change, 0) + topic.size
    return [(change, topics[change]) for change in sorted(topics, key=lambda c: (-weight[c], c.setting))]


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
    levers = _Levers(fit, diagnostics, topic)
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
    if topic.npmi < UNRELATED_NPMI:
        what = f"keywords that hardly ever occur together (NPMI {topic.npmi:.2f}): it may be several things in one"
        doubts.append(Doubt(what, levers.finer() if is_large else None))
    if len(topic.shared_keywords) >= SHARED_KEYWORDS:
        what = f"nearly a double: it shares the keywords {', '.join(topic.shared_keywords)} with another topic"
        doubts.append(Doubt(what, levers.fewer()))
    if (similarity := levers.worst_merge()) is not None and similarity < FORCED_MERGE:
        what = f"joined by force: clusters with a similarity of only {similarity:.2f} were merged to keep to nr_topics"
        doubts.append(Doubt(what, levers.more()))
    return replace(topic, doubts=tuple(doubts))


class _Levers:
    """The parameters in force, and which way each pushes."""

    def __init__(self, fit: TopicFit, diagnostics: Diagnostics, topic: Assessment) -> None:
        self._now = {name: int(value) for name, value in fit.parameters.items() if isinstance(value, int)}
        self._diagnostics = diagnostics
        self._topic = topic
        self._n_topics = len(fit.topics)

    def finer(self) -> Change | None:
        """Give what makes more and smaller topics."""
        if self._is_merged():
            return self.more()
        return self._change("min_topic_size", "lower", lambda now: max(2, round(now * 2 / 3)))

    def coarser(self) -> Change | None:
        """Give what lets splinters join what is around them."""
        return self._change("min_topic_size", "raise", lambda now: round(now * 1.5))

    def more(self) -> Change | None:
        """Give what allows more topics."""
        return self._change("nr_topics", "raise", lambda now: round(now * 1.5))

    def fewer(self) -> Change | None:
        """Give what joins the topics that are most alike."""
        return self._change("nr_topics", "lower", lambda _: max(1, self._n_topics - 1))

    def denser(self) -> Change | None:
        """Give what makes HDBSCAN itself take more documents in."""
        if self._now.get("hdbscan_min_samples", 0) > 1:
            return self._change("hdbscan_min_samples", "lower", lambda now: max(1, now // 2))
        return Change("reduce_outliers", "switch off", now=True, to=False)

    def worst_merge(self) -> float | None:
        """Give the lowest similarity at which clusters of this topic were joined."""
        joined = [
            merge.similarity
            for merge in self._diagnostics.merges
            if self._diagnostics.cluster_topics[merge.gone] == self._topic.index
        ]
        return min(joined, default=None)

    def _is_merged(self) -> bool:
        return int(np.sum(self._diagnostics.cluster_topics == self._topic.index)) > 1

    def _change(self, param: str, way: str, to: Callable[[int], int]) -> Change | None:
        now = self._now.get(param)
        if now is None or to(now) == now:
            return None
        return Change(param, way, now, to(now))
