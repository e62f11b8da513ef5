"""The first screen: what people complain of most, which topics are doubtful and why, and what one change would do."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from worker.replay.report.advice import Advice
from worker.replay.report.assessment import Assessment
from worker.replay.report.change import Change, change_of
from worker.replay.report.complaints import Complaints, complaints_of
from worker.replay.report.doubts import reasons_of
from worker.replay.report.overview import short_title_of
from worker.replay.session import Session
from worker.topics.diagnostics import Diagnostics
from worker.topics.fit import TopicFit


@dataclass(frozen=True)
class Doubted:
    """A topic that a reason holds for: its number, its name where it is told first, and what is true of it alone."""

    index: int
    title: str
    detail: str


@dataclass(frozen=True)
class Distrust:
    """A reason to doubt topics, in plain words without a dot, and the topics that it holds for."""

    why: str
    topics: tuple[Doubted, ...]


@dataclass(frozen=True)
class InShort:
    """The answers of the first screen.

    Attributes:
        complaints: how many there are, and in which topics.
        distrust: why some topics are doubtful, the reason that holds for most comments first.
        doubtful: how many comments the doubtful topics hold.
        change: what the change that concerns most of what is doubtful would do; None if nothing changes anything.
    """

    complaints: Complaints
    distrust: tuple[Distrust, ...]
    doubtful: int
    change: Change | None


def in_short(
    session: Session, diagnostics: Diagnostics, topics: Sequence[Assessment], tried: Sequence[Advice]
) -> InShort:
    """Answer what a reader asks first."""
    return InShort(
        complaints=complaints_of(session, diagnostics, topics),
        distrust=tuple(_distrust(topics, session.fit)),
        doubtful=sum(topic.size for topic in topics if not topic.is_good),
        change=change_of(session, topics, tried),
    )


def _distrust(topics: Iterable[Assessment], fit: TopicFit) -> list[Distrust]:
    """Group the doubtful topics by the reasons that their cards tell; one with two reasons stands twice."""
    by_reason: dict[str, list[tuple[Assessment, str]]] = {}
    for topic in topics:
        for reason in reasons_of(topic.doubts):
            by_reason.setdefault(reason.meaning, []).append((topic, reason.detail))
    ordered = sorted(by_reason.items(), key=lambda item: (-sum(topic.size for topic, _ in item[1]), item[0]))
    named: set[int] = set()
    found = []
    for why, own in ordered:
        doubted = [
            Doubted(topic.index, "" if topic.index in named else short_title_of(fit, topic), detail)
            for topic, detail in own
        ]
        named.update(one.index for one in doubted)
        found.append(Distrust(why, tuple(doubted)))
    return found
