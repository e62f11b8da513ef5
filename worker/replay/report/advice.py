"""What another value of one parameter would change: each was tried, and what becomes of the doubtful topics is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from worker.replay.report.assessment import Assessment
from worker.topics.diagnostics import Diagnostics, Trial
from worker.topics.fit import IntArray, TopicFit

# A topic stays if it shares this much of what it and its most similar topic of the trial hold (Jaccard).
STAYS: Final = 0.75
# A part of a topic is told if it holds at least this share of it.
PART: Final = 0.15
# A topic joined another if most of it is in one that is larger by this factor.
JOINED: Final = 1.3


@dataclass(frozen=True)
class Fate:
    """What becomes of a doubtful topic: its number, what happens in words, and whether anything does."""

    topic: int
    what: str
    changes: bool


@dataclass(frozen=True)
class Figures:
    """The figures of a set of topics; counts are of documents but for `n_topics` and `n_worded`."""

    n_topics: int
    largest: int
    outliers: int
    n_worded: int


@dataclass(frozen=True)
class Advice:
    """One value of a parameter that was tried.

    Attributes:
        param: the parameter.
        now: its present value in words.
        value: the other value.
        flag: the flag of `--once` that sets the other value.
        before: the figures of the topics as they are.
        after: the figures of the trial.
        removed: the kinds of wording that did not count.
        fates: of the doubtful topics, by number.
        n_clear: how many other topics there are.
        n_clear_stay: how many of these stay.
        concerned: documents of the doubtful topics that change.
    """

    param: str
    now: str
    value: int | bool
    flag: str
    before: Figures
    after: Figures
    removed: tuple[str, ...]
    fates: tuple[Fate, ...]
    n_clear: int
    n_clear_stay: int
    concerned: int

    @property
    def has_effect(self) -> bool:
        """Whether any doubtful topic becomes another one."""
        return self.concerned > 0


def advice(fit: TopicFit, diagnostics: Diagnostics, assessments: Sequence[Assessment]) -> list[Advice]:
    """Tell what each trial of a fit gives; those that change most of what is doubtful come first."""
    doubtful = [topic for topic in assessments if not topic.is_good]
    worded = tuple(any(excess.is_doubt for excess in own) for own in fit.excesses) or (False,) * len(fit.topics)
    clear = [topic for topic in assessments if topic.is_good]
    before = _figures(fit.labels, worded)
    tried = [_tried(fit, trial, (doubtful, clear), (before, worded)) for trial in diagnostics.trials]
    return sorted(tried, key=lambda one: (-one.concerned, one.after.outliers, one.flag))


def _tried(
    fit: TopicFit,
    trial: Trial,
    topics: tuple[list[Assessment], list[Assessment]],
    present: tuple[Figures, tuple[bool, ...]],
) -> Advice:
    (doubtful, clear), (before, worded) = topics, present
    fates = tuple(_fate(fit.labels == topic.index, topic.index, trial, worded[topic.index]) for topic in doubtful)
    value = str(trial.value).lower() if isinstance(trial.value, bool) else str(trial.value)
    return Advice(
        param=trial.param,
        now="off" if isinstance(trial.value, bool) else str(fit.parameters.get(trial.param, "")),
        value=trial.value,
        flag=f"--set {trial.param}={value}",
        before=before,
        after=_figures(trial.labels, trial.worded),
        removed=trial.removed,
        fates=fates,
        n_clear=len(clear),
        n_clear_stay=sum(_stays(fit.labels == topic.index, trial.labels) for topic in clear),
        concerned=sum(topic.size for topic, fate in zip(doubtful, fates, strict=True) if fate.changes),
    )


def _figures(labels: IntArray, worded: tuple[bool, ...]) -> Figures:
    sizes = np.bincount(labels[labels >= 0], minlength=1)
    return Figures(int(labels.max(initial=-1)) + 1, int(sizes.max()), int(np.sum(labels < 0)), sum(worded))


def _stays(own: IntArray, labels: IntArray) -> bool:
    """Tell whether the documents of a topic are a topic of these labels, nearly."""
    there = labels[own]
    counts = np.bincount(there[there >= 0], minlength=1)
    shared, new_size = int(counts.max()), int(np.sum(labels == counts.argmax()))
    return shared >= STAYS * (len(there) + new_size - shared)


def _fate(own: IntArray, topic: int, trial: Trial, was_worded: bool) -> Fate:
    """Say what becomes of one topic, given which documents are in it."""
    there = trial.labels[own]
    size, n_outside = len(there), int(np.sum(there < 0))
    counts = np.bincount(there[there >= 0], minlength=1)
    best = int(counts.argmax())
    shared, new_size = int(counts[best]), int(np.sum(trial.labels == best))
    parts = sorted((int(count) for count in counts if count >= PART * size), reverse=True)
    if n_outside > size / 2:
        return Fate(topic, f"dissolves: {n_outside} of its {size} comments are in no topic", True)
    if _stays(own, trial.labels):
        freed = was_worded and best < len(trial.worded) and not trial.worded[best]
        return Fate(topic, "stays, no longer sorted by wording" if freed else "stays", freed)
    if len(parts) > 1:
        return Fate(topic, f"is divided: of its {size} comments {_divided(parts, size, n_outside)}", True)
    if new_size >= JOINED * size:
        return Fate(topic, f"joins others: {shared} of its {size} comments are in a topic of {new_size}", True)
    what = f"changes: {shared} of its {size} comments stay together, in a topic of {new_size}"
    return Fate(topic, f"{what}; {n_outside} are in no topic", True)


def _divided(parts: Sequence[int], size: int, n_outside: int) -> str:
    """Say where the comments of a divided topic go, each of them counted."""
    *firsts, last = map(str, parts)
    ends = [f"{', '.join(firsts)} and {last} go to {len(parts)} topics"]
    if scattered := size - sum(parts) - n_outside:
        ends.append(f"{scattered} are scattered over other topics")
    if n_outside:
        ends.append(f"{n_outside} are in no topic")
    return ", ".join(ends[:-1]) + f" and {ends[-1]}" if len(ends) > 1 else ends[0]
