"""What a fit gives only if it is asked for: aspects of its topics, and second topics of its documents."""

from dataclasses import dataclass
from typing import Final

from worker.topics import arrays

DEFAULT_MMR_DIVERSITY: Final = 0.4


@dataclass(frozen=True)
class SecondTopicRule:
    """When a document has a second topic.

    Attributes:
        primary: the least probability of the first topic.
        secondary: the least probability of the second one.
        most_gap: by how much the first may be more probable than the second.
    """

    primary: float = 0.2
    secondary: float = 0.15
    most_gap: float = 0.2


DEFAULT_SECOND_TOPIC: Final = SecondTopicRule()


@dataclass(frozen=True)
class AspectMatch:
    """The aspect that a topic is matched to.

    Attributes:
        label: the aspect's name, also if the topic is emergent.
        similarity: the cosine.
        is_emergent: whether it is too far from each aspect to speak of one.
    """

    label: str
    similarity: float
    is_emergent: bool


@dataclass(frozen=True)
class Guidance:
    """What was asked of topics that are matched to aspects.

    Attributes:
        matches: one a topic.
        diverse: for each topic its keywords by maximal marginal relevance, best first.
        warning: one line if the encoder cannot tell the aspects apart; else "".
    """

    matches: tuple[AspectMatch, ...]
    diverse: tuple[tuple[str, ...], ...]
    warning: str = ""


@dataclass(frozen=True)
class SecondTopics:
    """A second topic for documents that have one.

    Attributes:
        labels: (n,) int64, -1 if there is none.
        probabilities: (n,) float32 in [0, 1].
    """

    labels: arrays.IntArray
    probabilities: arrays.FloatArray
