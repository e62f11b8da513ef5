"""Which topics are good, which are doubtful, and why: rules of thumb, with their reasons in words.

None of the five metrics tells a good topic from a bad one by itself: silhouette, NPMI and the
outlier ratio all prefer one topic that holds nearly all documents. So each topic is checked for what
a reader would check by hand, and each doubt names the parameter that might resolve it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from worker.replay.report.parameter_advice import FORCED_MERGE, Change, ParameterAdvice
from worker.replay.report.targets import BROAD_SHARE
from worker.replay.report.votes import neighbor_shares
from worker.replay.stability import falls_apart
from worker.replay.wording import excess_line
from worker.topics.diagnostics import Diagnostics
from worker.topics.fit import DoubleArray, TopicFit
from worker.topics.nuisance import Excess

# A topic is large from this multiple of the mean size on. A doubtful large topic is taken for a mixture of several,
# a doubtful smaller one for a part of another.
LARGE: Final = 1.5
# Doubtful from this share of documents on that are nearer to another topic than to their own.
STRAY_SHARE: Final = 0.4
# Doubtful from this share of documents on that were outliers and were placed.
PLACED_SHARE: Final = 0.5
# Doubtful below this share of documents that hold at least one of the ten keywords.
COVERAGE: Final = 0.3
# Doubtful below this share of the members' neighbors that are in the topic, relative to the most that can be.
AGREEMENT: Final = 0.3
# Below this NPMI, keywords hardly ever stand within ten words of each other.
UNRELATED_NPMI: Final = -0.3
# Doubtful from this number of keywords on that it shares with another topic.
SHARED_KEYWORDS: Final = 3


@dataclass(frozen=True)
class Doubt:
    """A reason to doubt a topic, in words, and the change of a parameter that might help; None if none would."""

    what: str
    change: Change | None


@dataclass(frozen=True)
class Assessment:
    """What was measured of one topic, and the doubts that follow.

    Attributes:
        index: the number of the topic.
        size: number of its documents.
        share: its share of all documents of the batch.
        keywords: its keywords, the best first.
        npmi: mean NPMI of its keywords.
        coherence: mean cosine of its keywords' vectors.
        silhouette: mean silhouette of its documents.
        coverage: share of its documents that hold at least one of its keywords.
        stray: share of its documents that are nearer to another topic.
        placed: share of its documents that were outliers and were placed.
        agreement: share of its documents' neighbors that are in it, relative to the most that can be.
        nearest: the number of the most similar topic; -1 if there is no other.
        nearest_similarity: cosine of the two topics' mean vectors, after the batch's mean was subtracted.
        shared_keywords: the keywords it shares with the topic that shares most.
        stability: how far reruns without a few comments find it again; None if that was not measured.
        remarks: what its comments' wording shares beyond the batch's, though not far enough for a doubt.
        doubts: empty for a good topic.
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
    stability: float | None = None
    remarks: tuple[str, ...] = ()
    doubts: tuple[Doubt, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether there is no doubt about it."""
        return not self.doubts


def assess(fit: TopicFit, diagnostics: Diagnostics, n_items: int) -> list[Assessment]:
    """Assess each topic of a fit, in their order.

    Args:
        fit: the fit.
        diagnostics: the diagnostics of the fit.
        n_items: number of items of the batch, those with a zero vector among them.
    """
    shares = neighbor_shares(fit, diagnostics)
    measured = [_measure(fit, diagnostics, shares, topic, n_items) for topic in range(len(fit.topics))]
    return [replace(topic, doubts=tuple(_doubts(topic, fit, diagnostics))) for topic in measured]


def _excesses(fit: TopicFit, topic: int) -> tuple[Excess, ...]:
    """Give what a topic's comments share beyond the batch; nothing if the engine, such as a test's, told nothing."""
    return fit.excesses[topic] if fit.excesses else ()


def _measure(fit: TopicFit, diagnostics: Diagnostics, shares: DoubleArray, topic: int, n_items: int) -> Assessment:
    members = fit.labels == topic
    found = fit.topics[topic]
    k = max(diagnostics.neighbors.shape[1], 1)
    similarity = diagnostics.topic_similarity[topic].astype(np.float64)
    similarity[topic] = -np.inf
    has_other = len(fit.topics) > 1
    overlaps = [
        tuple(word for word in found.keywords if word in set(other.keywords)) if index != topic else ()
        for index, other in enumerate(fit.topics)
    ]
    return Assessment(
        index=topic,
        size=found.size,
        share=found.size / n_items,
        keywords=found.keywords,
        npmi=float(diagnostics.npmi[topic]),
        coherence=float(diagnostics.coherence[topic]),
        silhouette=float(diagnostics.silhouettes[members].mean()),
        coverage=float(diagnostics.coverage[topic]),
        stray=float(np.mean(diagnostics.silhouettes[members] < 0)),
        placed=float(np.mean(diagnostics.core[members] < 0)),
        agreement=min(1.0, float(shares[members, topic].mean()) / min(1.0, max(found.size - 1, 1) / k)),
        nearest=int(similarity.argmax()) if has_other else -1,
        nearest_similarity=float(similarity.max()) if has_other else 0.0,
        shared_keywords=max(overlaps, key=len),
        stability=None if fit.stability is None else fit.stability.topics[topic],
        remarks=tuple(excess_line(excess) for excess in _excesses(fit, topic) if not excess.is_doubt),
    )


def _doubts(topic: Assessment, fit: TopicFit, diagnostics: Diagnostics) -> Iterator[Doubt]:
    """Give each reason to doubt a topic, the plainest first."""
    advice = ParameterAdvice(fit, diagnostics, topic.index)
    is_large = topic.size * len(fit.topics) >= LARGE * sum(other.size for other in fit.topics)
    yield from _doubts_of_comments(topic, fit, advice, is_large)
    yield from _doubts_of_keywords(topic, advice, is_large)
    if (similarity := advice.worst_merge()) is not None and similarity < FORCED_MERGE:
        what = (
            f"joined by force: clusters with a similarity of only {similarity:.2f} were merged, "
            "because nr_topics allows no more topics"
        )
        yield Doubt(what, advice.more())


def _doubts_of_comments(topic: Assessment, fit: TopicFit, advice: ParameterAdvice, is_large: bool) -> Iterator[Doubt]:
    if topic.share > BROAD_SHARE:
        what = f"very broad: it holds {topic.share:.0%} of all comments, more than ten keywords can describe"
        yield Doubt(what, advice.finer())
    if worded := [excess for excess in _excesses(fit, topic.index) if excess.is_doubt]:
        yield Doubt(f"sorted by wording: {'; '.join(map(excess_line, worded))}", advice.neutral(worded))
    if topic.stray >= STRAY_SHARE:
        what = f"blurred: {topic.stray:.0%} of its comments are nearer to another topic than to this one"
        yield Doubt(what, advice.finer() if is_large else advice.coarser())
    if topic.agreement < AGREEMENT:
        what = (
            f"entangled: only {topic.agreement:.0%} of the neighbors of its comments are in it; "
            f"the most similar topic is {topic.nearest}"
        )
        yield Doubt(what, advice.finer() if is_large else advice.coarser())
    if fit.stability is not None and falls_apart(fit.stability, topic.index):
        what = (
            f"falls apart: without other {fit.stability.left_out} of the comments the most similar topic shares only "
            f"{fit.stability.topics[topic.index]:.0%} of what both hold (mean of {fit.stability.n_reruns} reruns)"
        )
        yield Doubt(what, None)
    if topic.placed >= PLACED_SHARE:
        what = f"thin core: {topic.placed:.0%} of its comments were outliers and joined afterwards"
        yield Doubt(what, advice.denser())


def _doubts_of_keywords(topic: Assessment, advice: ParameterAdvice, is_large: bool) -> Iterator[Doubt]:
    if topic.coverage < COVERAGE:
        what = (
            f"badly named: only {topic.coverage:.0%} of its comments hold any of its keywords; "
            "read some comments before you name it"
        )
        yield Doubt(what, advice.finer() if is_large else None)
    # The NPMI of a small topic tells nothing: in two dozen comments most pairs of words occur together once or never.
    if is_large and topic.npmi < UNRELATED_NPMI:
        what = f"keywords that hardly ever occur together (NPMI {topic.npmi:.2f}): it may be several topics in one"
        yield Doubt(what, advice.finer())
    if len(topic.shared_keywords) >= SHARED_KEYWORDS:
        what = f"nearly a double: it shares the keywords {', '.join(topic.shared_keywords)} with another topic"
        yield Doubt(what, advice.fewer())
