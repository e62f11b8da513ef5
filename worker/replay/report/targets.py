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
        meaning: what the metric measures, for someone who sees it for the first time.
    """

    name: str
    value: float
    rule: str
    met: bool | None
    meaning: str


def targets(metrics: dict[str, float], largest_share: float, encoder: str) -> list[Target]:
    """Compare the metrics with their targets.

    Args:
        metrics: the metrics of the result document.
        largest_share: the largest topic's share of all items.
        encoder: the name of the keyword encoder.
    """
    outliers, npmi = metrics["outlier_ratio"], metrics["npmi_coherence"]
    diversity, coherence = metrics["topic_diversity"], metrics["embedding_coherence"]
    return [
        Target("outlier_ratio", outliers, "under 0.20", outliers < 0.2, "Share of comments that are in no topic."),
        Target(
            "largest topic",
            round(largest_share, 4),
            f"at most {BROAD_SHARE:.2f}",
            largest_share <= BROAD_SHARE,
            "Share of comments in the largest topic. No other metric shows that one topic holds nearly all comments.",
        ),
        Target(
            "topic_diversity",
            diversity,
            "above 0.70",
            diversity > 0.7,
            "Share of distinct keywords among the keywords of all topics.",
        ),
        Target(
            "silhouette_score",
            metrics["silhouette_score"],
            "",
            None,
            "The higher, the clearer the topics are apart; above 0, comments are nearer to their own topic than to any "
            "other. 0.05 is usual for short comments.",
        ),
        Target(
            "npmi_coherence",
            npmi,
            "above 0.10",
            npmi > 0.1,
            "How often a topic's keywords stand near each other in the comments. Short comments rarely meet the "
            "target: a value below 0 is usual.",
        ),
        Target(
            "embedding_coherence",
            coherence,
            "above 0.50",
            coherence > 0.5,
            f"How similar a topic's keywords are in meaning. It depends on the keyword encoder ({encoder}): compare "
            "only results of the same encoder.",
        ),
    ]
