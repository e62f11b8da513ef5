"""What a report shows, as plain values without HTML."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from worker.replay.report.advice import Advice, advice
from worker.replay.report.assessment import Assessment, assess
from worker.replay.report.color_order import colors_of, topic_palette
from worker.replay.report.facets import Facet, facets_of
from worker.replay.report.in_short import InShort, in_short
from worker.replay.report.notes import notes_on
from worker.replay.report.overview import Card, cards_of, name_of
from worker.replay.report.parameters import Parameter, parameters_in_force
from worker.replay.report.targets import Target, targets
from worker.replay.report.votes import kind_of_outlier, vote_on, why_outside
from worker.replay.session import Session
from worker.replay.topic_remarks import aspect_text
from worker.topics.diagnostics import Diagnostics
from worker.topics.fit import StageFinished, TopicFit

N_EXAMPLES: Final = 3
N_OUTLIERS_SHOWN: Final = 60
# A longer comment is shortened in the report.
MAX_EXAMPLE_CHARS: Final = 500
# The similarity matrix shows this many topics at most: a larger one cannot be read.
MAX_MATRIX_TOPICS: Final = 40


@dataclass(frozen=True)
class Example:
    """A comment that is shown as an example, with a note on it."""

    submission_id: str
    text: str
    note: str


@dataclass(frozen=True)
class PartView:
    """A part of a topic, with the parts that it has itself; `similarity` is that of the join with its sibling."""

    keywords: tuple[str, ...]
    size: int
    similarity: float | None
    typical: Example
    children: tuple["PartView", ...]


@dataclass(frozen=True)
class TopicView:
    """One topic with its verdict and its examples."""

    assessment: Assessment
    label: str
    typical: tuple[Example, ...]
    borderline: tuple[Example, ...]
    n_clusters: int
    aspect: str
    parts: tuple[PartView, ...]


@dataclass(frozen=True)
class OutlierView:
    """The number of outliers, the reasons, and some of the outliers."""

    count: int
    placed: int
    reasons: tuple[tuple[str, int], ...]
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class ReportView:
    """Everything that a report shows."""

    session: Session
    n_items: int
    topics: tuple[TopicView, ...]
    targets: tuple[Target, ...]
    advice: tuple[Advice, ...]
    parameters: tuple[Parameter, ...]
    notes: tuple[str, ...]
    similarity: tuple[tuple[float, ...], ...]
    n_clusters: int
    outliers: OutlierView
    stages: tuple[StageFinished, ...]
    colors: tuple[int, ...]
    cards: tuple[Card, ...]
    in_short: InShort
    facets: tuple[Facet, ...]

    @property
    def good(self) -> list[TopicView]:
        """The topics without a doubt."""
        return [topic for topic in self.topics if topic.assessment.is_good]

    @property
    def doubtful(self) -> list[TopicView]:
        """The topics with at least one doubt."""
        return [topic for topic in self.topics if not topic.assessment.is_good]


def make_view(session: Session) -> ReportView:
    """Collect what a report shows of a session with diagnostics."""
    fit, diagnostics = session.fit, session.fit.diagnostics
    if diagnostics is None:
        raise ValueError("a report needs a fit with diagnostics")
    assessments = assess(fit, diagnostics, session.batch.texts, len(session.batch.submission_ids))
    n_items = len(session.batch.submission_ids)
    tried = advice(fit, diagnostics, assessments)
    return ReportView(
        session=session,
        n_items=n_items,
        topics=tuple(_topic(session, diagnostics, topic) for topic in assessments),
        targets=tuple(targets(_metrics(session), fit.topics[0].size / n_items, fit.encoder)),
        advice=tuple(tried),
        parameters=tuple(parameters_in_force(session)),
        notes=tuple(notes_on(session)),
        similarity=tuple(map(tuple, diagnostics.topic_similarity[:MAX_MATRIX_TOPICS, :MAX_MATRIX_TOPICS].tolist())),
        n_clusters=len(diagnostics.cluster_topics),
        outliers=_outliers(session, diagnostics),
        stages=session.stages,
        cards=cards_of(session, diagnostics, assessments),
        in_short=in_short(session, diagnostics, assessments, tried),
        facets=facets_of(session, [label_of(fit, topic) for topic in range(len(fit.topics))]),
        colors=tuple(colors_of(topic_palette(), diagnostics.coordinates, fit.labels, len(fit.topics))),
    )


def label_of(fit: TopicFit, topic: int, n_words: int = 3) -> str:
    """Give a topic's name, or join its first keywords, with its own number if it is not its place in the fit."""
    words = name_of(fit, topic) or ", ".join(fit.topics[topic].keywords[:n_words])
    return words if fit.continuity is None else f"{words} (topicIndex {fit.continuity.numbers[topic]})"


def parts_of(session: Session, diagnostics: Diagnostics, topic: int, parent: int = -1) -> tuple[PartView, ...]:
    """Give the parts of a topic, or of one of its parts, the largest first."""
    found = [
        PartView(
            keywords=part.keywords,
            size=len(part.rows),
            similarity=part.similarity,
            typical=example_of(session, part.typical, "typical"),
            children=parts_of(session, diagnostics, topic, index),
        )
        for index, part in enumerate(diagnostics.parts)
        if (part.topic, part.parent) == (topic, parent)
    ]
    return tuple(sorted(found, key=lambda part: -part.size))


def _metrics(session: Session) -> dict[str, float]:
    metrics = session.document["metrics"]
    return {name: float(str(value)) for name, value in metrics.items()} if isinstance(metrics, dict) else {}


def _topic(session: Session, diagnostics: Diagnostics, topic: Assessment) -> TopicView:
    members = np.flatnonzero(session.fit.labels == topic.index)
    core = members[diagnostics.core[members] >= 0]
    closeness, silhouettes = diagnostics.closeness, diagnostics.silhouettes
    typical = core[np.argsort(-closeness[core], kind="stable")][:N_EXAMPLES]
    doubted = np.setdiff1d(members, typical)
    borderline = doubted[np.argsort(silhouettes[doubted], kind="stable")][:N_EXAMPLES]
    return TopicView(
        assessment=topic,
        label=label_of(session.fit, topic.index),
        typical=tuple(
            example_of(session, row, f"cosine to the center {closeness[row]:.2f}") for row in typical.tolist()
        ),
        borderline=tuple(example_of(session, row, _between(session, diagnostics, row)) for row in borderline.tolist()),
        n_clusters=int(np.sum(diagnostics.cluster_topics == topic.index)),
        aspect="" if session.fit.guidance is None else aspect_text(session.fit.guidance.matches[topic.index]),
        parts=parts_of(session, diagnostics, topic.index),
    )


def _between(session: Session, diagnostics: Diagnostics, row: int) -> str:
    labels = session.fit.labels
    around = labels[diagnostics.neighbors[row]]
    others = around[(around >= 0) & (around != labels[row])]
    came = "was placed" if diagnostics.core[row] < 0 else "core member"
    if not len(others):
        return f"{came}; no neighbor in another topic"
    other = int(np.bincount(others).argmax())
    n_here, n_there = int(np.sum(around == labels[row])), int(np.sum(others == other))
    return f"{came}; neighbors: {n_here} in this topic, {n_there} in topic {other} ({label_of(session.fit, other)})"


def example_of(session: Session, row: int, note: str) -> Example:
    """Give one comment as an example; a long one is shortened."""
    batch = session.batch
    text = batch.texts[row]
    if len(text) > MAX_EXAMPLE_CHARS:
        text = text[:MAX_EXAMPLE_CHARS].rstrip() + "…"
    return Example(batch.submission_ids[int(batch.kept[row])], text, note)


def _outliers(session: Session, diagnostics: Diagnostics) -> OutlierView:
    fit, batch = session.fit, session.batch
    reasons: dict[str, int] = {}
    examples: list[Example] = []
    for row in np.flatnonzero(fit.labels < 0).tolist():
        vote = vote_on(diagnostics, row)
        kind = kind_of_outlier(vote)
        reasons[kind] = reasons.get(kind, 0) + 1
        if len(examples) < N_OUTLIERS_SHOWN:
            examples.append(example_of(session, row, why_outside(vote)))
    n_zero = len(batch.submission_ids) - len(batch.kept)
    if n_zero:
        reasons["its embedding is the zero vector"] = n_zero
    return OutlierView(
        count=int(np.sum(fit.labels < 0)) + n_zero,
        placed=int(np.sum((diagnostics.core < 0) & (fit.labels >= 0))),
        reasons=tuple(sorted(reasons.items(), key=lambda item: (-item[1], item[0]))),
        examples=tuple(examples),
    )
