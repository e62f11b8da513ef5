"""Keep a model small: join topics that are too many, and parts that are too many."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from worker.models.model import KeptTopic, closest
from worker.models.terms import added, pruned
from worker.topics.arrays import DoubleArray
from worker.topics.clusters.merging import MAX_SHARE
from worker.topics.continuity.part_comparison import DECIMALS, MOST_PARTS, unit

# Of all topics together: of 768 dimensions 3.7 MB.
MOST_PARTS_OF_ALL: Final = 600


@dataclass(frozen=True, eq=False)
class Capped:
    """Topics that are no more than there may be.

    Attributes:
        topics: by rising number.
        redirects: those that became part of another one, by their number.
    """

    topics: list[KeptTopic]
    redirects: dict[int, int]


def join_topics(topics: Sequence[KeptTopic], most: int, center: DoubleArray) -> Capped:
    """Join the two topics that are nearest in meaning, the smaller to the larger, until no more are left in reports.

    A join that makes a topic of more than 30 % of the documents waits until nothing else is left, as in a fit.

    Args:
        topics: of a model; retired ones and those without a vector are left as they are.
        most: topics in reports.
        center: (d,) float64, the center of the model.
    """
    left = {topic.number: topic for topic in topics}
    redirects: dict[int, int] = {}
    while sum(not topic.retired for topic in left.values()) > most:
        pair = _nearest_pair([topic for topic in left.values() if topic.can_be_assigned and not topic.retired], center)
        if pair is None:
            break
        into, gone = pair
        left[into.number] = _joined(into, gone)
        del left[gone.number]
        redirects = followed(redirects, {gone.number: into.number})
    return Capped([left[number] for number in sorted(left)], redirects)


def followed(earlier: Mapping[int, int], later: Mapping[int, int]) -> dict[int, int]:
    """Put redirects one after the other, so that each leads to a topic that is there in one step."""
    return {old: later.get(into, into) for old, into in earlier.items()} | dict(later)


def with_few_parts(topics: Sequence[KeptTopic]) -> list[KeptTopic]:
    """Join the nearest parts of topics that have too many: at most 20 each, and 600 of all."""
    n_assignable = sum(topic.can_be_assigned for topic in topics)
    most = max(1, min(MOST_PARTS, MOST_PARTS_OF_ALL // max(n_assignable, 1)))
    return [_with_few_parts(topic, most) for topic in topics]


def _with_few_parts(topic: KeptTopic, most: int) -> KeptTopic:
    sums, counts = topic.part_sums, topic.part_counts
    while len(counts) > most:
        directions = unit(sums / counts[:, None] - topic.mean)
        near = np.round(directions @ directions.T, DECIMALS)
        near[np.tril_indices(len(near))] = -np.inf
        one, other = divmod(int(near.argmax()), len(near))
        sums, counts = sums.copy(), counts.copy()
        sums[one] += sums[other]
        counts[one] += counts[other]
        sums, counts = np.delete(sums, other, axis=0), np.delete(counts, other)
    return replace(topic, part_sums=sums, part_counts=counts)


def _nearest_pair(topics: Sequence[KeptTopic], center: DoubleArray) -> tuple[KeptTopic, KeptTopic] | None:
    if len(topics) < 2:
        return None
    means = unit(np.stack([topic.mean for topic in topics]) - center)
    near = np.round(means @ means.T, DECIMALS)
    near[np.tril_indices(len(near))] = -np.inf
    sizes = np.array([topic.n for topic in topics])
    small = np.where(sizes[:, None] + sizes <= MAX_SHARE * sizes.sum(), near, -np.inf)
    best = small if np.isfinite(small.max()) else near
    one, other = (topics[i] for i in divmod(int(best.argmax()), len(topics)))
    return (one, other) if one.n >= other.n else (other, one)


def _joined(into: KeptTopic, gone: KeptTopic) -> KeptTopic:
    last = max(into, gone, key=lambda topic: topic.last_seen_at)
    return replace(
        into,
        last_seen=last.last_seen,
        last_seen_at=last.last_seen_at,
        n=into.n + gone.n,
        part_sums=np.concatenate([into.part_sums, gone.part_sums]),
        part_counts=np.concatenate([into.part_counts, gone.part_counts]),
        closeness=into.closeness + gone.closeness,
        terms=pruned([added(into.terms, gone.terms)])[0],
        samples=closest([*into.samples, *gone.samples]),
    )
