"""What one change would do, and whether it would be better, for a reader who knows no parameter."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from worker.replay.report.advice import Advice
from worker.replay.report.assessment import Assessment, assess
from worker.replay.report.overview import title_of
from worker.replay.session import Session
from worker.topics.fit import TopicFit
from worker.topics.nuisance import Nuisance

# A change is better if this share of all comments more is in clear topics; less may be chance.
BETTER: Final = 0.02
# What the parameters that are tried mean for somebody who does not know them; both values are added.
_IN_WORDS: Final = {
    "min_topic_size": "if a topic needed {value} comments, not {now}",
    "nr_topics": "if {value} topics were allowed, not {now}",
    "umap_n_neighbors": "if each comment were compared with {value} others, not {now}",
    "hdbscan_min_samples": "if groups were allowed to be looser ({value}, not {now})",
}
# What does not count with `neutralize`, by its kind.
_NEUTRAL: Final = {
    Nuisance.PRONOUN: 'the words "she" and "he"',
    Nuisance.ADDRESS: 'the words "ma\'am" and "sir"',
    Nuisance.LANGUAGE: "the language",
}


@dataclass(frozen=True)
class NewTopic:
    """A topic that a change would give: its name or first keywords, and how many comments it would hold."""

    title: str
    size: int
    is_good: bool


@dataclass(frozen=True)
class Change:
    """What another value of a parameter would do, in sentences for a reader who does not know it.

    Attributes:
        condition: what would be otherwise, as a clause with "if".
        flag: of `--once`, which sets the value.
        is_better: whether more comments would be in clear topics; None if that was not tried.
        effects: what would be otherwise, in sentences without a dot.
        topics: that the change would give, the largest first; empty if it was not tried as a whole.
    """

    condition: str
    flag: str
    is_better: bool | None
    effects: tuple[str, ...]
    topics: tuple[NewTopic, ...] = ()


def change_of(session: Session, topics: Sequence[Assessment], tried: Sequence[Advice]) -> Change | None:
    """Say what a change would do: to clear and doubtful topics, and to one of these as an example.

    Of the changes that were tried as a whole it is the one with most comments in clear topics, which counts doubtful
    topics and comments in none at once; if none were, the trial that changes most of what is doubtful.

    Args:
        session: the fit, and what was tried as a whole.
        topics: of the fit.
        tried: the trials, those that change most of what is doubtful first.

    Returns:
        The change; None if no trial changes a doubtful topic.
    """
    effective = [one for one in tried if one.has_effect]
    if not effective:
        return None
    checked = {one.flag: one.fit for one in session.checked}
    assessed = {flag: _assessed(session, fit) for flag, fit in checked.items()}
    clear = {flag: _clear(own) for flag, own in assessed.items()}
    one = max(effective, key=lambda one: clear[one.flag][1] if one.flag in clear else -1)
    if one.flag not in clear:
        numbers = ("topics", one.after.n_topics, one.before.n_topics)
        outside = ("comments in no topic", one.after.outliers, one.before.outliers)
        return Change(_condition(one), one.flag, None, (_now(*numbers), _now(*outside), *_fates(one)))
    (n_before, clear_before), (n_after, clear_after) = _clear(topics), clear[one.flag]
    effects = (
        _now("topics", len(checked[one.flag].topics), one.before.n_topics),
        _now("comments in clear topics", clear_after, clear_before),
        _now("doubtful topics", n_after, n_before),
        _now("comments in no topic", int((checked[one.flag].labels < 0).sum()), one.before.outliers),
    )
    is_better = clear_after - clear_before >= BETTER * len(session.fit.labels)
    new = _new_topics(checked[one.flag], assessed[one.flag])
    return Change(_condition(one), one.flag, is_better, (*effects, *_fates(one)), new)


def _assessed(session: Session, fit: TopicFit) -> list[Assessment]:
    if fit.diagnostics is None:
        return []
    return assess(fit, fit.diagnostics, session.batch.texts, len(session.batch.submission_ids))


def _new_topics(fit: TopicFit, topics: Sequence[Assessment]) -> tuple[NewTopic, ...]:
    by_size = sorted(topics, key=lambda topic: (-topic.size, topic.index))
    return tuple(NewTopic(title_of(fit, topic), topic.size, topic.is_good) for topic in by_size)


def _clear(topics: Sequence[Assessment]) -> tuple[int, int]:
    """Count the doubtful topics, and the comments in the others."""
    return sum(not topic.is_good for topic in topics), sum(topic.size for topic in topics if topic.is_good)


def _condition(one: Advice) -> str:
    if one.param == "neutralize":
        removed = [_NEUTRAL[Nuisance(kind)] for kind in one.removed]
        return f"if {' and '.join(removed) or 'how comments are worded'} did not count"
    return _IN_WORDS[one.param].format(value=one.value, now=one.now)


def _fates(one: Advice) -> Iterator[str]:
    n_stay = sum(not fate.changes for fate in one.fates)
    yield (
        f"{_some(one.n_clear_stay)} of the {one.n_clear} clear topics and {_some(n_stay)} of the {len(one.fates)} "
        "doubtful ones would stay as they are"
    )
    example = next((fate for fate in one.fates if fate.changes), None)
    if example is not None:
        yield f"for example, topic {example.topic} {example.what}"


def _some(count: int) -> str:
    return str(count) if count else "none"


def _now(what: str, after: int, before: int) -> str:
    return f"{what}: {after} instead of {before}" if after != before else f"{what}: {after}, as now"
