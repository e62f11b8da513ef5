"""What is measured of each topic for its verdict."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from worker.replay.report.votes import neighbor_shares
from worker.topics.diagnostics import Diagnostics, Part
from worker.topics.fit import DoubleArray, TopicFit

# Clusters that were joined at a lower similarity were joined by force: no more similar pair was left.
FORCED_MERGE: Final = 0.25
_NO_ANSWER: Final = re.compile(
    r"\W*(n\W?a|none|nothing|nil|no|not? applicable|no comments?|no suggestions?|no answer|none so far|nothing so far|"
    r"nothing to (say|add)|idk|i (do ?n[o']?t|dont) know|wala|wala man|wala po|wala naman|same)\W*",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Measures:
    """What was measured of one topic.

    Attributes:
        index: the number of the topic.
        size: number of its documents.
        share: its share of all documents of the batch.
        keywords: its keywords, the best first.
        npmi: mean NPMI of its keywords.
        coherence: mean cosine of its keywords' vectors.
        silhouette: mean silhouette of its documents.
        coverage: share of its documents that hold at least one of its keywords.
        named: that share beyond chance: 0 if all other documents hold one of them as often, 1 if all of its own do.
        told: share of its documents that hold one or are like those that do.
        at_rival: share of the rival's documents that hold one of its keywords.
        denied: how often one of its first keywords is denied, where the word is there.
        no_answer: share of its documents that are no answer, such as "N/A".
        placed: share of its documents that were outliers and were placed.
        agreement: share of its documents' neighbors that are in it, relative to the most that can be.
        rival: the topic whose documents are most similar to its own; -1 if there is no other.
        rivalry: how similar these are, relative to how similar its own are to each other; 0 if there is no other.
        second_part: share of the smaller of the two parts that were joined last by force; 0 if none were.
        forced: the similarity at which they were joined.
        nearest: the number of the most similar topic; -1 if there is no other.
        nearest_similarity: cosine of the two topics' mean vectors, after the batch's mean was subtracted.
        shared_keywords: the keywords it shares with the topic that shares most.
        stability: how far reruns without a few comments find it again; None if that was not measured.
    """

    index: int
    size: int
    share: float
    keywords: tuple[str, ...]
    npmi: float
    coherence: float
    silhouette: float
    coverage: float
    named: float
    told: float
    at_rival: float
    denied: float
    no_answer: float
    placed: float
    agreement: float
    rival: int
    rivalry: float
    second_part: float
    forced: float
    nearest: int
    nearest_similarity: float
    shared_keywords: tuple[str, ...]
    stability: float | None = None


def no_answer_share(texts: Sequence[str]) -> float:
    """Give the share of comments that are no answer, such as "N/A" or "none"."""
    return sum(_NO_ANSWER.fullmatch(text) is not None for text in texts) / max(1, len(texts))


def measure(fit: TopicFit, diagnostics: Diagnostics, texts: Sequence[str], n_items: int) -> list[Measures]:
    """Measure each topic of a fit, in their order.

    Args:
        fit: the fit.
        diagnostics: the diagnostics of the fit.
        texts: (n,) the documents.
        n_items: number of items of the batch, those with a zero vector among them.
    """
    shares = neighbor_shares(fit, diagnostics)
    return [_measure(fit, diagnostics, shares, topic, (texts, n_items)) for topic in range(len(fit.topics))]


def _measure(
    fit: TopicFit, diagnostics: Diagnostics, shares: DoubleArray, topic: int, batch: tuple[Sequence[str], int]
) -> Measures:
    texts, n_items = batch
    members = fit.labels == topic
    found = fit.topics[topic]
    k = max(diagnostics.neighbors.shape[1], 1)
    similarity = diagnostics.topic_similarity[topic].astype(np.float64)
    similarity[topic] = -np.inf
    has_other = len(fit.topics) > 1
    within, other = diagnostics.cohesion[topic].tolist()
    second_part, forced = _forced(diagnostics.parts, topic)
    overlaps = [
        tuple(word for word in found.keywords if word in set(other.keywords)) if index != topic else ()
        for index, other in enumerate(fit.topics)
    ]
    return Measures(
        index=topic,
        size=found.size,
        share=found.size / n_items,
        keywords=found.keywords,
        npmi=float(diagnostics.npmi[topic]),
        coherence=float(diagnostics.coherence[topic]),
        silhouette=float(diagnostics.silhouettes[members].mean()),
        coverage=float(diagnostics.coverage[topic]),
        named=_beyond_chance(float(diagnostics.coverage[topic]), float(diagnostics.elsewhere[topic])),
        told=float(diagnostics.told[topic]),
        at_rival=float(diagnostics.at_rival[topic]),
        denied=float(diagnostics.denied[topic]),
        no_answer=no_answer_share([texts[row] for row in np.flatnonzero(members).tolist()]),
        placed=float(np.mean(diagnostics.core[members] < 0)),
        agreement=min(1.0, float(shares[members, topic].mean()) / min(1.0, max(found.size - 1, 1) / k)),
        rival=int(diagnostics.rivals[topic]),
        # Of two documents that differ by chance only, the ratio would tell nothing.
        rivalry=max(0.0, other / within) if within > 0 and has_other else 0.0,
        second_part=second_part,
        forced=forced,
        nearest=int(similarity.argmax()) if has_other else -1,
        nearest_similarity=float(similarity.max()) if has_other else 0.0,
        shared_keywords=max(overlaps, key=len),
        stability=None if fit.stability is None else fit.stability.topics[topic],
    )


def _beyond_chance(share: float, by_chance: float) -> float:
    """Give how much of what chance leaves open a share reaches, as in Cohen 1960 (kappa), equation 1; at least 0."""
    return max(0.0, (share - by_chance) / max(1e-9, 1 - by_chance))


def _forced(parts: Sequence[Part], topic: int) -> tuple[float, float]:
    """Give the share of the smaller of the parts that were joined last, and the similarity, if that was by force."""
    joined = [part for part in parts if part.topic == topic and part.parent < 0 and part.similarity is not None]
    if not joined or (similarity := joined[0].similarity) is None or similarity >= FORCED_MERGE:
        return 0.0, 0.0
    sizes = [len(part.rows) for part in joined]
    return min(sizes) / sum(sizes), similarity
