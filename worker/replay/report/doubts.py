"""The reasons to doubt a topic, and when they are enough.

Some reasons are enough by themselves. Others are weak: good topics have them too, so that two are needed, and two that
tell of the same suspicion count once. The verdict answers what a reader asks: are the comments about what the keywords
say, and would the topic be there again? So what sorted comments together counts only if the keywords do not tell them.
The thresholds are rules of thumb. They were held against what a reader thought of each topic of four corpora after ten
of its comments; docs/benchmarks.md has the table.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from worker.replay.report.measures import Measures
from worker.replay.report.targets import BROAD_SHARE
from worker.replay.stability import FALLS_APART
from worker.replay.topic_remarks import excess_line
from worker.topics.fit import TopicFit
from worker.topics.nuisance import Excess, Nuisance

# A topic is large from this multiple of the mean size on.
LARGE: Final = 1.5
# The next topic's comments are hardly less similar from this share of the similarity within the topic on.
HARDLY_APART: Final = 2 / 3
# Not found again at all: the most similar topic of a rerun shares no more than this (Jaccard).
LOST: Final = 0.25
# Two topics in one if the smaller of two parts that were joined by force holds this share of it.
SECOND_PART: Final = 0.3
# Doubtful from this share of documents on that were outliers and were placed.
PLACED_SHARE: Final = 0.5
# Doubtful below this share of documents that hold at least one of the ten keywords.
COVERAGE: Final = 0.3
# Doubtful below this share of documents that hold a keyword or are like those that do: a third is about something else.
TOLD: Final = 2 / 3
# A wording that a topic's comments share is the reason for the topic only if its keywords mark less than half of them,
# beyond what they mark of all other comments: else the comments share what they say too.
NAMED: Final = 0.5
# The keywords do not tell a topic from the next one if that one's comments hold them nearly as often as its own do.
SHARED_NAME: Final = 2 / 3
# Doubtful from this share of the documents with a keyword on that deny it.
DENIED: Final = 0.4
# Doubtful from this share of documents on that are no answer, such as "N/A".
NO_ANSWER: Final = 0.3
# Doubtful below this share of the members' neighbors that are in the topic, relative to the most that can be.
AGREEMENT: Final = 0.3
# Below this NPMI, keywords hardly ever stand within ten words of each other.
UNRELATED_NPMI: Final = -0.3
# Doubtful from this number of keywords on that it shares with another topic.
SHARED_KEYWORDS: Final = 3


# What each doubt means for somebody who knows no statistics, by the words that it begins with; a sentence without its
# dot, as the first screen lets the topics follow.
_PLAIN: Final = {
    "sorted by wording": "The comments are alike in how they are written, not in what they are about",
    "no answers": "Many of the comments say nothing",
    "badly named": "The words of the topic are in few of its comments",
    "its name is denied": "Many of the comments say the opposite of the topic's words",
    "told in part": "The words of the topic fit only some of its comments",
    "two topics in one": "The comments are about two different things",
    "hardly apart": "The comments are much like those of another topic",
    "not found again": "Leave out a few comments, and the topic disappears",
    "falls apart": "Leave out a few comments, and the topic changes shape",
    "very broad": "The topic is too large for a few words",
    "keywords that hardly ever occur together": "The comments may be about several things",
    "entangled": "The comments are mixed with those of another topic",
    "thin core": "Most of the comments fit no topic at first and were added later",
    "weakly named": "The words of the topic are common in other comments too",
    "nearly a double": "Another topic has nearly the same words",
}


class Suspicion(StrEnum):
    """What a doubt suspects; `ENOUGH` stands for a doubt that is enough by itself."""

    ENOUGH = "enough"
    SEVERAL = "several topics in one"
    BORDER = "no firm border"
    CORE = "no core"
    NAME = "a bad name"


@dataclass(frozen=True)
class Doubt:
    """A reason to doubt a topic.

    Attributes:
        what: the reason in words, with its figures.
        suspicion: what it suspects.
        detail: what is true of this topic alone, for a reader without statistics: 'most say "she"'; empty for nothing.
    """

    what: str
    suspicion: Suspicion = Suspicion.ENOUGH
    detail: str = ""

    @property
    def meaning(self) -> str:
        """What it means for a reader without statistics, the same for each topic; a sentence without its dot."""
        return _PLAIN[self.what.split(":")[0].split(" (")[0]]

    @property
    def plain(self) -> str:
        """What it means for this topic, as a sentence without a figure."""
        return f"{self.meaning}: {self.detail}." if self.detail else f"{self.meaning}."


def are_enough(doubts: Sequence[Doubt]) -> bool:
    """Tell whether doubts make a topic doubtful: one that is enough, or weak ones of two kinds."""
    kinds = {doubt.suspicion for doubt in doubts}
    return Suspicion.ENOUGH in kinds or len(kinds) > 1


def reasons_of(doubts: Sequence[Doubt]) -> tuple[Doubt, ...]:
    """Give those of a doubtful topic's doubts that a reader is told: all that are enough, else one of each kind.

    A weak doubt beside one that is enough tells a reader nothing: most doubtful topics have one.
    """
    enough = tuple(doubt for doubt in doubts if doubt.suspicion is Suspicion.ENOUGH)
    by_kind = {doubt.suspicion: doubt for doubt in reversed(doubts)}
    return enough or tuple(doubt for doubt in doubts if by_kind[doubt.suspicion] is doubt)


def sorts(excess: Excess, topic: Measures) -> bool:
    """Tell whether a shared wording, and not what the keywords say, is the likely reason for a topic."""
    return excess.is_doubt and topic.named < NAMED


def doubts_of(topic: Measures, fit: TopicFit, excesses: Sequence[Excess]) -> Iterator[Doubt]:
    """Give each reason to doubt a topic, those that are enough first.

    Args:
        topic: what was measured of it.
        fit: the fit.
        excesses: what its comments' wording shares beyond the batch's.
    """
    yield from _enough(topic, excesses)
    yield from _lost_or_falling_apart(topic, fit)
    is_large = topic.size * len(fit.topics) >= LARGE * sum(other.size for other in fit.topics)
    yield from _weak(topic, is_large)


def _enough(topic: Measures, excesses: Sequence[Excess]) -> Iterator[Doubt]:
    if worded := [excess for excess in excesses if sorts(excess, topic)]:
        what = f"sorted by wording: {'; '.join(map(excess_line, worded))}"
        yield Doubt(what, detail=" and ".join(map(_shared, worded)))
    if topic.no_answer >= NO_ANSWER:
        yield Doubt(f'no answers: {topic.no_answer:.0%} of its comments say nothing, such as "N/A" or "none"')
    if topic.coverage < COVERAGE:
        yield Doubt(
            f"badly named: only {topic.coverage:.0%} of its comments hold any of its keywords; "
            "read some comments before you name it"
        )
    elif topic.told < TOLD:
        yield Doubt(
            f"told in part: only {topic.told:.0%} of its comments hold one of its keywords or are like those that do"
        )
    if topic.denied >= DENIED:
        yield Doubt(
            f"its name is denied: of its comments with one of its first keywords, {topic.denied:.0%} say the opposite"
        )
    if topic.second_part >= SECOND_PART:
        yield Doubt(
            f"two topics in one: {topic.second_part:.0%} of it were joined to the rest by force, at a similarity of "
            f"only {topic.forced:.2f}, because nr_topics allows no more topics"
        )
    if topic.rivalry >= HARDLY_APART and topic.at_rival >= SHARED_NAME * topic.coverage and topic.rival < topic.index:
        yield Doubt(
            f"hardly apart: the comments of topic {topic.rival} are {topic.rivalry:.0%} as similar to its comments as "
            "these are to each other, and they hold its keywords nearly as often"
        )


def _shared(excess: Excess) -> str:
    many = "most" if excess.share > 0.5 else "many"
    match excess.mark.kind:
        case Nuisance.LANGUAGE:
            return f"{many} are in {excess.mark.name}"
        case Nuisance.LENGTH:
            return f"{many} are {excess.mark.name}"
        case _:
            return f'{many} say "{excess.mark.name}"'


def _lost_or_falling_apart(topic: Measures, fit: TopicFit) -> Iterator[Doubt]:
    if fit.stability is None or topic.stability is None or topic.stability > FALLS_APART:
        return
    shares = (
        f"without other {fit.stability.left_out} of the comments the most similar topic shares only "
        f"{topic.stability:.0%} of what both hold (mean of {fit.stability.n_reruns} reruns)"
    )
    if topic.stability <= LOST:
        # A topic whose keywords tell its comments is one, even if reruns join it with another.
        yield Doubt(f"not found again: {shares}", Suspicion.ENOUGH if topic.named < NAMED else Suspicion.BORDER)
    else:
        yield Doubt(f"falls apart: {shares}", Suspicion.BORDER)


def _weak(topic: Measures, is_large: bool) -> Iterator[Doubt]:
    if topic.share > BROAD_SHARE:
        what = f"very broad: it holds {topic.share:.0%} of all comments, more than ten keywords can describe"
        yield Doubt(what, Suspicion.SEVERAL)
    # The NPMI of a small topic tells nothing: in two dozen comments most pairs of words occur together once or never.
    if is_large and topic.npmi < UNRELATED_NPMI:
        what = f"keywords that hardly ever occur together (NPMI {topic.npmi:.2f}): it may be several topics in one"
        yield Doubt(what, Suspicion.SEVERAL)
    if topic.agreement < AGREEMENT:
        what = (
            f"entangled: only {topic.agreement:.0%} of the neighbors of its comments are in it; "
            f"the most similar topic is {topic.nearest}"
        )
        yield Doubt(what, Suspicion.BORDER)
    if topic.placed >= PLACED_SHARE:
        what = f"thin core: {topic.placed:.0%} of its comments were outliers and joined afterwards"
        yield Doubt(what, Suspicion.CORE)
    if topic.named < NAMED and topic.coverage >= COVERAGE:
        what = f"weakly named: its keywords mark {topic.named:.0%} of its comments, beyond what they mark of all others"
        yield Doubt(what, Suspicion.NAME)
    if len(topic.shared_keywords) >= SHARED_KEYWORDS:
        what = f"nearly a double: it shares the keywords {', '.join(topic.shared_keywords)} with another topic"
        yield Doubt(what, Suspicion.NAME)
