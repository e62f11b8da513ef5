"""The metrics of a result and their targets: those of the API, and one rule of thumb."""

from dataclasses import dataclass
from typing import Final

# A topic with a larger share of the documents is too broad to say much about any of them.
BROAD_SHARE: Final = 0.25


@dataclass(frozen=True)
class Target:
    """A metric and its target.

    Attributes:
        name: the metric's name, as in the result document.
        value: the metric's value.
        rule: the target in words; empty if there is none.
        met: whether the value meets the target; None if there is none.
        meaning: what the metric measures, in words for a reader who does not know it.
    """

    name: str
    value: float
    rule: str
    met: bool | None
    meaning: str


_OUTLIER_RATIO: Final = "Share of comments that are in no topic."
_LARGEST_TOPIC: Final = (
    "Share of comments in the largest topic. No other metric shows that one topic holds nearly all comments."
)
_TOPIC_DIVERSITY: Final = "Share of distinct keywords among the keywords of all topics."
_SILHOUETTE_SCORE: Final = (
    "The higher, the clearer the topics are apart; above 0, comments are nearer to their own topic than to any other. "
    "0.05 is usual for short comments."
)
_NPMI_COHERENCE: Final = (
    "How often a topic's keywords stand near each other in the comments. Short comments rarely meet the target: a "
    "value below 0 is usual."
)
_EMBEDDING_COHERENCE: Final = (
    "How similar a topic's keywords are in meaning. It depends on the keyword encoder ({encoder}): compare only "
    "results of the same encoder."
)


def targets(metrics: dict[str, float], largest_share: float, encoder: str) -> list[Target]:
    """Compare the metrics with their targets.

    Args:
        metrics: the metrics of the result document.
        largest_share: the largest topic's share of all items.
        encoder: the name of the keyword encoder.
    """
    is_broad = largest_share > BROAD_SHARE
    coherence = _EMBEDDING_COHERENCE.format(encoder=encoder)
    return [
        _below("outlier_ratio", metrics, 0.20, _OUTLIER_RATIO),
        Target("largest topic", round(largest_share, 4), f"at most {BROAD_SHARE:.2f}", not is_broad, _LARGEST_TOPIC),
        _above("topic_diversity", metrics, 0.70, _TOPIC_DIVERSITY),
        Target("silhouette_score", metrics["silhouette_score"], "", None, _SILHOUETTE_SCORE),
        _above("npmi_coherence", metrics, 0.10, _NPMI_COHERENCE),
        _above("embedding_coherence", metrics, 0.50, coherence),
    ]


def _below(name: str, metrics: dict[str, float], limit: float, meaning: str) -> Target:
    return Target(name, metrics[name], f"under {limit:.2f}", metrics[name] < limit, meaning)


def _above(name: str, metrics: dict[str, float], limit: float, meaning: str) -> Target:
    return Target(name, metrics[name], f"above {limit:.2f}", metrics[name] > limit, meaning)
