"""Add documents to the topics that they were assigned to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import numpy as np

from worker.models.births import Beside
from worker.models.closeness import histogram, quantile
from worker.models.model import KeptTopic, Sample, closest
from worker.models.partition import divide, pooled, sums_of
from worker.topics.arrays import DoubleArray, FloatArray

# A topic was seen if of the documents that were assigned to it at least this share is as close as its median is. Of
# a topic that lives it is a half; what a dead one still catches is far out.
_TYPICAL_SHARE: Final = 0.25
# A topic is retired if it was not seen for so many days, in which so many of its documents should have come: neither
# holidays nor chance have kept it away.
_RETIRED_AFTER_DAYS: Final = 30
_RETIRED_AFTER_EXPECTED: Final = 30


@dataclass(frozen=True, eq=False)
class Arrivals:
    """A batch on its way into a model.

    Attributes:
        embeddings: (n, d) float32, L2-normalized, in canonical order.
        ids: (n,) submission ids.
        at: when the documents came.
        seen: how many documents the model has seen then, these included.
        center: (d,) float64, the center of the model by which they were assigned.
    """

    embeddings: FloatArray
    ids: Sequence[str]
    at: str
    seen: int
    center: DoubleArray


def absorbed(beside: Beside, arrivals: Arrivals) -> list[KeptTopic]:
    """Add a batch to the topics that it was assigned to, old and new; keywords, terms and labels stay as they are.

    Each part grows by ten documents or not at all, or the difference of two versions would give a comment away. Of a
    topic that the batch brings fewer, only the counts grow.

    The closeness of all documents that are nearest to a topic is recorded, those too far away included: a topic that
    learned from those it let in alone would let in fewer each time.
    """
    topics = []
    for place, topic in enumerate(beside.topics):
        members = np.flatnonzero(beside.assignment.labels == topic.number)
        closeness = beside.assignment.closeness
        samples = [Sample(arrivals.ids[i], float(closeness[i])) for i in members.tolist()]
        recorded = histogram(closeness[beside.assignment.nearest == topic.number])
        grown = replace(topic, n=topic.n + len(members), samples=closest([*topic.samples, *samples]))
        embeddings = arrivals.embeddings[members]
        if place < beside.n_old:
            part = pooled(beside.parts.of_topic(place, beside.closeness[members]))
            sums, counts = sums_of(part, embeddings, len(topic.part_counts))
            sums, counts, recorded = topic.part_sums + sums, topic.part_counts + counts, topic.closeness + recorded
        else:
            # The cluster that the topic was found by has done its part: not all its documents were assigned to it.
            part = divide(embeddings, arrivals.center)
            sums, counts = sums_of(part, embeddings, int(part.max()) + 1)
        grown = replace(grown, part_sums=sums, part_counts=counts, closeness=recorded)
        if place >= beside.n_old or _is_typical(topic, closeness[members]):
            grown = replace(grown, last_seen=arrivals.at, last_seen_at=arrivals.seen, retired=False)
        topics.append(grown)
    return topics


def retired(topic: KeptTopic, at: str, seen: int) -> KeptTopic:
    """Retire a topic that has not been seen for long: reports leave it out, its number is never used again."""
    days = (datetime.fromisoformat(at) - datetime.fromisoformat(topic.last_seen)).days
    expected = topic.n / max(topic.last_seen_at, 1) * (seen - topic.last_seen_at)
    is_gone = days >= _RETIRED_AFTER_DAYS and expected >= _RETIRED_AFTER_EXPECTED
    return replace(topic, retired=True) if is_gone else topic


def _is_typical(topic: KeptTopic, closeness: DoubleArray) -> bool:
    if not len(closeness):
        return False
    return float(np.mean(closeness >= quantile(topic.closeness, 0.5))) >= _TYPICAL_SHARE
