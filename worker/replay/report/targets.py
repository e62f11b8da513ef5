"""The metrics of a result beside what they should be: the API's targets, and one rule of thumb."""

from dataclasses import dataclass
from typing import Final

# A topic with more than this share of the documents says little about any of them.
BROAD_SHARE: Final = 0.25


@dataclass(frozen=True)
class Target:
    """A metric of the result beside what it should be.

    Attributes:
        name: as in the result.
        value: as in the result.
        rule: the target in words; empty where there is none.
        met: None where there is no target.
        meaning: one sentence for someone who has not met the metric.
    """

    name: str
    value: float
    rule: str
    met: bool | None
    meaning: str


def targets(metrics: dict[str, float], largest_share: float, encoder: str) -> list[Target]:
    """Put the metrics beside the API's targets; that for the largest topic is a rule of thumb of this report."""
    outliers, npmi = metrics["outlier_ratio"], metrics["npmi_coherence"]
    diversity, coherence = metrics["topic_diversity"], metrics["embedding_coherence"]
    return [
        Target("outlier_ratio", outliers, "under 0.20", outliers < 0.2, "Share of comments that are in no topic."),
        Target(
            "largest topic",
            round(largest_share, 4),
            f"at most {BROAD_SHARE:.2f}",
            largest_share <= BROAD_SHARE,
            "Share of comments in the largest topic. The other metrics do not notice when one topic swallows all.",
        ),
        Target(
            "topic_diversity",
            diversity,
            "above 0.70",
            diversity > 0.7,
            "Distinct keywords among all topics' keywords.",
        ),
        Target(
            "silhouette_score",
            metrics["silhouette_score"],
            "",
            None,
            "As high as it goes; above 0, comments are nearer to their own topic than to the next. For short comments "
            "0.05 is usual.",
        ),
        Target(
            "npmi_coherence",
            npmi,
            "above 0.10",
            npmi > 0.1,
            "Whether a topic's keywords stand near each other in the comments. Short comments hardly get there: below "
            "0 is usual.",
        ),
        Target(
            "embedding_coherence",
            coherence,
            "above 0.50",
            coherence > 0.5,
            f"How alike a topic's keywords are in meaning. It depends on the encoder ({encoder}): compare only "
            "results of the same one.",
        ),
    ]
