"""How close documents are to topics: the cosine, less the center of the model, to the nearest part of a topic."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from worker.models.model import KeptTopic
from worker.topics.arrays import DoubleArray, FloatArray, IntArray
from worker.topics.continuity.part_comparison import DECIMALS, unit

N_BINS: Final = 200
# Of the documents nearest to a topic, the share that is too far away to be in it. .05 keeps out a third of the true
# outliers instead of a quarter, and three more of a hundred that belong in.
TOO_FAR: Final = 0.02
# Rows that are held in double precision at a time.
_BLOCK: Final = 4096


@dataclass(frozen=True, eq=False)
class Parts:
    """The parts of some topics, one after the other.

    Attributes:
        sums: (k, d) float64.
        counts: (k,) int64.
        starts: (t,) int64, the first part of each topic.
        center: (d,) float64, the center of the model.
    """

    sums: DoubleArray
    counts: IntArray
    starts: IntArray
    center: DoubleArray

    @classmethod
    def of(cls, topics: Sequence[KeptTopic], center: DoubleArray) -> "Parts":
        """Take the parts of topics that each have one at least."""
        counts = [topic.part_counts for topic in topics]
        return cls(
            np.concatenate([topic.part_sums for topic in topics]) if topics else np.empty((0, len(center))),
            np.concatenate(counts) if topics else np.empty(0, dtype=np.int64),
            np.cumsum([0, *(len(own) for own in counts[:-1])], dtype=np.int64)[: len(counts)],
            center,
        )

    @property
    def directions(self) -> DoubleArray:
        """Unit vectors, less the center of the model: (k, d)."""
        return unit(self.sums / self.counts[:, None] - self.center)

    def closeness(self, embeddings: FloatArray, own: IntArray | None = None) -> DoubleArray:
        """Give the closeness of each document to each part, rounded: (n, k).

        Args:
            embeddings: (n, d) float32, L2-normalized.
            own: (n,) int64, the part that each document is in, -1 for none: to that one it is as close as it would be
                if it were not in it (leave-one-out).
        """
        directions, found = self.directions, np.empty((len(embeddings), len(self.counts)))
        for rows in _blocks(len(embeddings)):
            found[rows] = self._closeness(embeddings[rows], directions, None if own is None else own[rows])
        return found

    def closeness_to_topics(self, embeddings: FloatArray, own: IntArray | None = None) -> DoubleArray:
        """Give the closeness of each document to the nearest part of each topic: (n, t); the arguments as above."""
        directions, found = self.directions, np.empty((len(embeddings), len(self.starts)))
        for rows in _blocks(len(embeddings)):
            parts = self._closeness(embeddings[rows], directions, None if own is None else own[rows])
            found[rows] = self.by_topic(parts)
        return found

    def _closeness(self, embeddings: FloatArray, directions: DoubleArray, own: IntArray | None) -> DoubleArray:
        documents = embeddings.astype(np.float64)
        centred = unit(documents - self.center)
        found: DoubleArray = centred @ directions.T
        if own is not None:
            inside = np.flatnonzero(own >= 0)
            part = own[inside]
            rest = (self.sums[part] - documents[inside]) / np.maximum(self.counts[part] - 1, 1)[:, None]
            found[inside, part] = np.einsum("ij,ij->i", centred[inside], unit(rest - self.center))
        return np.round(found, DECIMALS)

    def by_topic(self, closeness: DoubleArray) -> DoubleArray:
        """Give the closeness to the nearest part of each topic, (n, t), by that to each part, (n, k)."""
        if not len(self.starts):
            return np.empty((len(closeness), 0))
        return np.maximum.reduceat(closeness, self.starts, axis=1)

    def of_topic(self, topic: int, closeness: DoubleArray) -> DoubleArray:
        """Take the closeness to each part of one topic, (n, parts of it), of that to each part, (n, k)."""
        end = self.starts[topic + 1] if topic + 1 < len(self.starts) else len(self.counts)
        return closeness[:, self.starts[topic] : end]


def _blocks(n: int) -> list[slice]:
    return [slice(start, start + _BLOCK) for start in range(0, n, _BLOCK)]


def histogram(closeness: DoubleArray) -> IntArray:
    """Count how many values in [-1, 1] fall into each of 200 bins of equal width: (200,) int64."""
    bins = np.clip(np.floor((closeness + 1) * (N_BINS / 2)), 0, N_BINS - 1).astype(np.int64)
    return np.bincount(bins, minlength=N_BINS).astype(np.int64)


def quantile(counts: IntArray, share: float) -> float:
    """Give the value below which this share of a histogram lies, as if each bin were filled evenly; -1 if empty."""
    total = int(counts.sum())
    if total == 0:
        return -1.0
    below = np.cumsum(counts)
    wanted = share * total
    bin_ = int(np.searchsorted(below, wanted, side="left"))
    inside = (wanted - (below[bin_] - counts[bin_])) / counts[bin_] if counts[bin_] else 0.0
    return (bin_ + float(inside)) * 2 / N_BINS - 1


def thresholds(topics: Sequence[KeptTopic]) -> DoubleArray:
    """Give the closeness below which a document is in no topic though the topic is its nearest: (t,)."""
    return np.array([quantile(topic.closeness, TOO_FAR) for topic in topics], dtype=np.float64)
