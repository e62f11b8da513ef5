"""The first screen: what people complain of most, which topics not to trust and why, and what one change would do."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from worker.replay.extras import COMPLAINT
from worker.replay.report.advice import Advice
from worker.replay.report.assessment import Assessment
from worker.replay.report.mood import complaining_words, guessed_mood
from worker.replay.report.ordering import typical_first
from worker.replay.report.overview import quotes_of, title_of
from worker.replay.session import Session
from worker.topics.diagnostics import Diagnostics

N_COMPLAINTS: Final = 3
N_COMPLAINING_WORDS: Final = 3
# If fewer comments praise or complain, they are no reviews, and a guess would mislead: 9 % of news do, 43 % of the
# sentences of reviews.
_FEWEST_MOODS: Final = 0.15
_QUOTE_CHARS: Final = 110
# Fewer complaints in a topic may be chance, or a wrong guess.
_FEWEST: Final = 3
# What the parameters that are tried mean for somebody who does not know them; the value is added.
_IN_WORDS: Final = {
    "min_topic_size": "if a topic needed {value} comments",
    "nr_topics": "if {value} topics were allowed",
    "umap_n_neighbors": "if each comment were compared with {value} others",
    "hdbscan_min_samples": "if groups were allowed to be looser ({value})",
    "neutralize": 'if "she" and "he", forms of address and the language did not count',
}


@dataclass(frozen=True)
class Complaint:
    """A topic in which people complain: its number and name, how many of its comments do, by which words, and one."""

    index: int
    title: str
    count: int
    size: int
    words: tuple[str, ...]
    quote: str
    is_good: bool


@dataclass(frozen=True)
class Distrust:
    """A reason not to trust topics, in plain words, and the topics that it holds for, with their names."""

    why: str
    topics: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Change:
    """What another value of a parameter would do, in sentences for a reader who does not know it."""

    condition: str
    flag: str
    effects: tuple[str, ...]


@dataclass(frozen=True)
class InShort:
    """The answers of the first screen.

    Attributes:
        complaints: the topics with most complaints beyond the average, at most three.
        is_guess: whether complaints were guessed by their words.
        distrust: why some topics should not be trusted, the reason that holds for most comments first.
        change: what the change that concerns most of what is doubtful would do; None if nothing changes anything.
    """

    complaints: tuple[Complaint, ...]
    is_guess: bool
    distrust: tuple[Distrust, ...]
    change: Change | None


def in_short(
    session: Session, diagnostics: Diagnostics, topics: Sequence[Assessment], tried: Sequence[Advice]
) -> InShort:
    """Answer what a reader asks first."""
    effective = [one for one in tried if one.has_effect]
    titles = {topic.index: title_of(session.fit, topic) for topic in topics}
    return InShort(
        complaints=tuple(_complaints(session, diagnostics, topics)),
        is_guess=not session.extras.moods,
        distrust=tuple(_distrust(topics, titles)),
        change=_change(effective[0], titles) if effective else None,
    )


def _complaints(session: Session, diagnostics: Diagnostics, topics: Sequence[Assessment]) -> list[Complaint]:
    """Give the topics with most complaints beyond the average; doubtful ones only if there are too few others."""
    complains = _complaining(session)
    average = sum(complains) / max(1, len(complains))
    order = typical_first(diagnostics)
    found: list[tuple[bool, float, Complaint]] = []
    for topic in topics:
        rows = order[session.fit.labels[order] == topic.index].tolist()
        own = [session.batch.texts[row] for row in rows if complains[row]]
        beyond = len(own) - average * topic.size
        if len(own) >= _FEWEST and beyond > 0:
            (quote,) = quotes_of(own, 1, _QUOTE_CHARS)
            words = complaining_words(own, N_COMPLAINING_WORDS)
            made = Complaint(
                topic.index, title_of(session.fit, topic), len(own), topic.size, words, quote, topic.is_good
            )
            found.append((not topic.is_good, -beyond, made))
    return [made for *_, made in sorted(found, key=lambda one: (*one[:2], one[2].index))[:N_COMPLAINTS]]


def _complaining(session: Session) -> list[bool]:
    """Tell of each comment whether it complains, by the key that was named or by its words."""
    batch, moods = session.batch, session.extras.moods
    if moods:
        return [moods[position] == COMPLAINT for position in batch.kept.tolist()]
    guessed = [guessed_mood(text) for text in batch.texts]
    is_told = sum(map(bool, guessed)) >= _FEWEST_MOODS * len(guessed)
    return [is_told and mood == COMPLAINT for mood in guessed]


def _distrust(topics: Iterable[Assessment], titles: Mapping[int, str]) -> list[Distrust]:
    """Group the doubtful topics by their first reason."""
    by_reason: dict[str, list[Assessment]] = {}
    for topic in topics:
        if topic.doubts:
            by_reason.setdefault(topic.doubts[0].plain, []).append(topic)
    ordered = sorted(by_reason.items(), key=lambda item: (-sum(topic.size for topic in item[1]), item[0]))
    return [Distrust(why, tuple((topic.index, titles[topic.index]) for topic in own)) for why, own in ordered]


def _change(one: Advice, titles: Mapping[int, str]) -> Change:
    """Say what a trial changes: the topics, the comments in none, and the doubtful topic that it changes first."""
    value = one.flag.rpartition("=")[2]
    before, after = one.before, one.after
    changed = [fate for fate in one.fates if fate.changes]
    effects = [
        f"{_now(after.n_topics, before.n_topics)} topics, and {_now(after.outliers, before.outliers)} comments in none",
        f"{len(changed)} of the {len(one.fates)} topics not to trust would become others",
    ]
    if changed:
        fate = changed[0]
        effects.append(f"for example topic {fate.topic} ({titles[fate.topic]}) {fate.what}")
    return Change(_IN_WORDS.get(one.param, one.param + " {value}").format(value=value), one.flag, tuple(effects))


def _now(after: int, before: int) -> str:
    return f"{after} instead of {before}" if after != before else f"still {after}"
