"""`--explain`: why a comment is in its topic, or why it is an outlier."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from rich.text import Text

from worker.printable import printable
from worker.replay.report.view import label_of
from worker.replay.report.votes import vote_on, why_outside
from worker.replay.session import Session
from worker.replay.terminal import Terminal, new_table
from worker.topics.diagnostics import Diagnostics

N_NEIGHBORS_SHOWN: Final = 10
N_TOPICS_SHOWN: Final = 4
_TEXT_CHARS: Final = 300
_NEIGHBOR_CHARS: Final = 70


@dataclass(frozen=True)
class NeighborLine:
    """A neighbor of the comment: its topic in the result, and its cosine similarity."""

    submission_id: str
    text: str
    topic: int
    was_placed: bool
    similarity: float


@dataclass(frozen=True)
class TopicLine:
    """A topic, and how many neighbors are in it: before outliers were placed, and in the result."""

    topic: int
    label: str
    before: int
    after: int


@dataclass(frozen=True)
class Explanation:
    """Why a comment is in its topic, or why it is an outlier.

    Attributes:
        submission_id: the id of the comment.
        text: the comment.
        lines: sentences, in the order of the pipeline's stages.
        neighbors: the nearest comments, nearest first.
        topics: the topics of its neighbors; those with the most neighbors first.
        n_neighbors: number of neighbors.
        n_clustered: number of neighbors that were in a topic before outliers were placed.
    """

    submission_id: str
    text: str
    lines: tuple[str, ...]
    neighbors: tuple[NeighborLine, ...]
    topics: tuple[TopicLine, ...]
    n_neighbors: int
    n_clustered: int


def explain(session: Session, submission_id: str) -> Explanation:
    """Explain one comment.

    Args:
        session: a session with diagnostics.
        submission_id: the id of a comment of the batch.
    """
    batch, diagnostics = session.batch, session.fit.diagnostics
    if diagnostics is None:
        raise ValueError("an explanation needs a fit with diagnostics")
    position = batch.submission_ids.index(submission_id)
    rows = np.flatnonzero(batch.kept == position)
    if not len(rows):
        zero = "outlier: its embedding is the zero vector, so it was left out of the clustering"
        return Explanation(submission_id, "", (zero,), (), (), 0, 0)
    row = int(rows[0])
    near = diagnostics.neighbors[row]
    return Explanation(
        submission_id=submission_id,
        text=batch.texts[row],
        lines=tuple(_lines(session, diagnostics, row)),
        neighbors=tuple(
            _neighbor(session, diagnostics, row, rank)
            for rank in range(min(N_NEIGHBORS_SHOWN, diagnostics.neighbors.shape[1]))
        ),
        topics=tuple(_topics(session, diagnostics, row)[:N_TOPICS_SHOWN]),
        n_neighbors=len(near),
        n_clustered=int(np.sum(diagnostics.core[near] >= 0)),
    )


def show_explanation(terminal: Terminal, explanation: Explanation) -> None:
    """Print an explanation, with the texts of the comment and of its neighbors."""
    terminal.say(f"explain {explanation.submission_id}: {printable(explanation.text, _TEXT_CHARS)}".rstrip(": "))
    for line in explanation.lines:
        terminal.say(f"  {line}")
    if explanation.topics:
        table = new_table("topic", "clustered neighbors", "neighbors in the result", "keywords", numbers=3)
        for counted in explanation.topics:
            before = f"{counted.before} of {explanation.n_clustered}" if explanation.n_clustered else "none"
            table.add_row(
                str(counted.topic), before, f"{counted.after} of {explanation.n_neighbors}", Text(counted.label)
            )
        terminal.show(table)
    if explanation.neighbors:
        table = new_table("cosine", "topic", "submissionId", "nearest comments", numbers=2)
        for near in explanation.neighbors:
            topic = "-" if near.topic < 0 else f"{near.topic}{' placed' if near.was_placed else ''}"
            text = printable(near.text, _NEIGHBOR_CHARS)
            table.add_row(f"{near.similarity:.3f}", topic, Text(printable(near.submission_id)), Text(text))
        terminal.show(table)


def _lines(session: Session, diagnostics: Diagnostics, row: int) -> list[str]:
    fit = session.fit
    topic, core, cluster = int(fit.labels[row]), int(diagnostics.core[row]), int(diagnostics.clusters[row])
    vote = vote_on(diagnostics, row, placed_in=topic if core < 0 else -1)
    if topic < 0:
        lines = [f"outlier: {why_outside(vote)}"]
    else:
        lines = [f"topic {topic} ({label_of(fit, topic)}), probability {fit.probabilities[row]:.4f}"]
    if core >= 0:
        lines.append(_cluster_line(diagnostics, cluster, core, float(diagnostics.strengths[row])))
    elif cluster >= 0:
        lines.append(
            f"it was set aside from cluster {cluster}, because most comments of that cluster hold no word that could "
            "name a topic"
        )
    else:
        lines.append("HDBSCAN put it into no cluster: too few comments are close to it")
    if topic >= 0 and core < 0:
        lines.append(
            f"placed as an outlier: topic {vote.best} had {vote.share:.0%} of the votes of its {vote.n_clustered} "
            "clustered neighbors, of which a near one counts more; a placed comment has a probability of one half at "
            "most"
        )
    if topic >= 0:
        side = f"{_side(float(diagnostics.silhouettes[row]))}; " if len(fit.topics) > 1 else ""
        lines.append(f"{side}cosine to its topic's center {float(diagnostics.closeness[row]):.3f}")
    return lines


def _side(silhouette: float) -> str:
    if silhouette > 0:
        return f"silhouette {silhouette:.3f}: nearer to its own topic than to any other"
    than = "nearer to another topic than" if silhouette < 0 else "as near to another topic as"
    return f"silhouette {silhouette:.3f}: {than} to its own"


def _cluster_line(diagnostics: Diagnostics, cluster: int, core: int, strength: float) -> str:
    size = int(np.sum(diagnostics.clusters == cluster))
    siblings = int(np.sum(diagnostics.cluster_topics == core)) - 1
    others = f"{siblings} other cluster{'s' * (siblings > 1)}"
    joined = f", joined with {others} into topic {core}" if siblings else ", which is the topic"
    return f"core member of cluster {cluster} ({size} comments) with strength {strength:.2f}{joined}"


def _topics(session: Session, diagnostics: Diagnostics, row: int) -> list[TopicLine]:
    """Count the neighbors by topic; for a placed comment, in the order of the votes that placed it."""
    fit, near = session.fit, diagnostics.neighbors[row]
    before, after = (
        np.bincount(of[near][of[near] >= 0], minlength=len(fit.topics)) for of in (diagnostics.core, fit.labels)
    )
    # Of equal counts the lower topic number comes first, as in the vote.
    order = np.argsort(-(before if diagnostics.core[row] < 0 else after), kind="stable")
    return [
        TopicLine(topic, label_of(fit, topic), int(before[topic]), int(after[topic]))
        for topic in order.tolist()
        if before[topic] or after[topic]
    ]


def _neighbor(session: Session, diagnostics: Diagnostics, row: int, rank: int) -> NeighborLine:
    batch, fit = session.batch, session.fit
    near = int(diagnostics.neighbors[row, rank])
    return NeighborLine(
        submission_id=batch.submission_ids[int(batch.kept[near])],
        text=batch.texts[near],
        topic=int(fit.labels[near]),
        was_placed=bool(diagnostics.core[near] < 0 <= fit.labels[near]),
        similarity=1.0 - float(diagnostics.distances[row, rank]),
    )
