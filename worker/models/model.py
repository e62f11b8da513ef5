"""A kept model: all that an update or a prediction needs of the documents that were seen, and none of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Final

import numpy as np

from worker.errors import WorkerError
from worker.topics.arrays import DoubleArray, FloatArray, IntArray

# Raised when the files of a model are to be read in another way.
SCHEMA: Final = 1
# No vector stands for fewer documents, and neither does the difference of two versions: of three the mean gives away
# nearly all its members to one who has candidates at hand, of ten half of them, at a chance of a quarter.
FEWEST_IN_PART: Final = 10
# No term is kept that fewer documents hold, and no batch adds a term to a topic that fewer of its documents hold.
FEWEST_WITH_TERM: Final = 2
# The rarest terms of a topic are dropped beyond this number; of the ten best keywords 96 of 100 stay the same.
MOST_TERMS: Final = 1_000
MOST_SAMPLES: Final = 5
# What a model says of its embeddings if nobody told what made them.
UNKNOWN_MODEL: Final = "unknown"
OUTLIER: Final = -1


def model_name(model: str) -> str:
    """Name an embedding model in the same way whether it was given as a folder or by its name on the hub."""
    return PurePath(model).name or model


class BrokenModel(WorkerError):
    """The files of a model are none, or contradict one another; the message says in what."""


@dataclass(frozen=True, eq=False)
class Documents:
    """Comments that a model is told of.

    Attributes:
        texts: (n,) not edited.
        ids: (n,) submission ids, each once.
        embeddings: (n, d) float32, L2-normalized, no zero row. Not modified.
    """

    # Not in the repr: a traceback or a log must show nobody's words.
    texts: Sequence[str] = field(repr=False)
    ids: Sequence[str] = field(repr=False)
    embeddings: FloatArray = field(repr=False)


@dataclass(frozen=True)
class Sample:
    """A typical document of a topic: its submission id, and how close it was to the topic, a cosine."""

    id: str
    closeness: float


def closest(samples: Sequence[Sample]) -> tuple[Sample, ...]:
    """Take the closest samples, each document once; of equally close ones the lower id."""
    kept: dict[str, Sample] = {}
    for sample in sorted(samples, key=lambda sample: (-sample.closeness, sample.id)):
        kept.setdefault(sample.id, sample)
    return tuple(kept.values())[:MOST_SAMPLES]


@dataclass(frozen=True, eq=False)
class KeptTopic:
    """What is kept of a topic.

    Attributes:
        number: its `topicIndex`, for ever.
        born: when it was found, ISO 8601 in UTC.
        last_seen: when documents last came that are typical of it.
        last_seen_at: how many documents the model had seen by then.
        n: documents that were in it since the last fit or rebuild; its parts and terms stand for fewer if some came
            in batches that brought it too few.
        raw_label: as the results name it.
        keywords: best first, 1 to 10.
        label: a name for people; "" for none.
        retired: whether reports leave it out, because it has not been seen for long.
        part_sums: (k, d) float64, the sum of the embeddings of each of its parts; none if it never had enough
            documents for a vector that gives none of them away.
        part_counts: (k,) int64, the documents of each part, at least `FEWEST_IN_PART`.
        closeness: (bins,) int64, how many of all documents nearest to this topic were how close to it; see
            `closeness.histogram`.
        terms: how many of the documents in its parts hold each term, by the term; sorted.
        samples: the closest documents, the closest first.
    """

    number: int
    born: str
    last_seen: str
    last_seen_at: int
    n: int
    raw_label: str
    keywords: tuple[str, ...]
    part_sums: DoubleArray
    part_counts: IntArray
    closeness: IntArray
    terms: Mapping[str, int] = field(repr=False)
    samples: tuple[Sample, ...] = field(repr=False)
    label: str = ""
    retired: bool = False

    @property
    def can_be_assigned(self) -> bool:
        """Whether it has a vector."""
        return len(self.part_counts) > 0

    @property
    def n_described(self) -> int:
        """The documents that its terms are of."""
        return int(self.part_counts.sum()) if self.can_be_assigned else self.n

    @property
    def mean(self) -> DoubleArray:
        """The mean of the documents in its parts, (d,); only if it has one."""
        mean: DoubleArray = self.part_sums.sum(axis=0) / self.part_counts.sum()
        return mean


@dataclass(frozen=True, eq=False)
class HalfSum:
    """The sum of a random half of some documents, of which nobody knows who they are; see `shift.half_of`.

    Attributes:
        sum: (d,) float64; zeros for none.
        n: how many documents it is of: 0, or at least 10 of each batch.
    """

    sum: DoubleArray
    n: int

    def __add__(self, other: "HalfSum") -> "HalfSum":
        return HalfSum(self.sum + other.sum, self.n + other.n)


@dataclass(frozen=True, eq=False)
class KeptModel:
    """A model of one tenant; a value: an update gives another one.

    Attributes:
        topics: by rising number.
        highest: the highest number ever used; -1 for none.
        redirects: topics that became part of another one, by their number.
        center: (d,) float64, the mean of the embeddings in the parts of the last fit or rebuild, from which closeness
            is measured. It stays: with a center that moves, what was recorded of closeness would mean something else
            each day.
        seen: how many documents it was told of, each counted once.
        fitted: how many documents the last fit or rebuild had.
        temperature: scales closeness to probabilities.
        baseline: how many documents were assigned to each topic, by its number, since there are these topics; each as
            the model would have assigned it without knowing it.
        baseline_outliers: how many it assigned to none.
        half: of the documents that `baseline` counts.
        parameters: what was in force in the last fit, with what adapted it.
        encoder: the keyword encoder.
        embedding_model: what made the embeddings.
        parent: the version that this one was made from; "" for none.
    """

    topics: tuple[KeptTopic, ...]
    highest: int
    redirects: Mapping[int, int]
    center: DoubleArray
    seen: int
    fitted: int
    temperature: float
    baseline: Mapping[int, int]
    baseline_outliers: int
    half: HalfSum
    parameters: Mapping[str, str | int | float | bool]
    encoder: str
    embedding_model: str
    parent: str = ""

    @property
    def dimension(self) -> int:
        """Of the embeddings."""
        return len(self.center)

    @property
    def in_reports(self) -> tuple[KeptTopic, ...]:
        """The topics that are not retired."""
        return tuple(topic for topic in self.topics if not topic.retired)

    @property
    def rebuild_advised(self) -> bool:
        """Whether so many documents came since the last fit that its topics are too coarse for them."""
        return self.seen >= _REBUILD_AFTER * self.fitted

    def topic(self, number: int) -> KeptTopic:
        """Find a topic by its number.

        Raises:
            KeyError: there is none.
        """
        position = int(np.searchsorted([topic.number for topic in self.topics], number))
        if position == len(self.topics) or self.topics[position].number != number:
            raise KeyError(number)
        return self.topics[position]

    def current(self, number: int) -> int:
        """Follow the redirects of a number."""
        return self.redirects.get(number, number)


# A fit sets the grain: no update ever splits a topic.
_REBUILD_AFTER: Final = 4
