"""Drift in words for people."""

from collections.abc import Mapping
from typing import Any, Final

from worker.models.drift import FEWEST
from worker.models.model import KeptModel

_MEANING: Final = {
    "LOW": "chance explains the difference",
    "MEDIUM": "chance hardly explains the difference",
    "HIGH": "the difference is certain, and large",
}
_N_KEYWORDS_SHOWN: Final = 4
# Below it there is nothing to look for in the comments.
_SHIFT_TOLD: Final = 0.1


def drift_lines(result: Mapping[str, Any], model: KeptModel, n: int) -> list[str]:
    """Say whether comments are like those that a model saw, and what moved.

    Args:
        result: of a prediction; with `keywordJaccard`, it is told too.
        model: that predicted.
        n: the comments that could be assigned.
    """
    drift, named = result["drift"], f"model {result['model']['version']} of {result['model']['tenant']}"
    if not drift["enough"]:
        return [f"drift: too few to tell: {n} comments, and it takes {FEWEST} ({named})"]
    level = drift["level"]
    lines = [f"drift: {level} (p = {drift['pValue']:.4f}): {_MEANING[level]} ({n:,} comments, {named})"]
    counts = {topic["topicIndex"]: topic["docCount"] for topic in result["topics"]}
    total = max(1, sum(model.baseline.values()) + model.baseline_outliers)
    for number in drift["moved"]:
        words = ", ".join(model.topic(number).keywords[:_N_KEYWORDS_SHOWN])
        now, before = counts.get(number, 0) / n, model.baseline.get(number, 0) / total
        lines.append(_moved(f"topic {number} ({words})", now, before))
    lines.append(_moved("outliers", (n - sum(counts.values())) / n, model.baseline_outliers / total))
    if level != "LOW" and drift["shift"] >= _SHIFT_TOLD:
        lines.append(
            f"  the comments as a whole lie elsewhere than before, as if {min(drift['shift'], 1):.0%} of them spoke of "
            "something new or of one topic alone"
        )
    if result.get("keywordJaccard") is not None:
        lines.append(
            f"keywords of topics found anew in these comments: Jaccard {result['keywordJaccard']:.2f} with the "
            "model's; the level does not go by it, as it is low for comments that have not changed too"
        )
    return lines


def _moved(what: str, now: float, before: float) -> str:
    change = "more" if now > before else "less" if now < before else "as many"
    return f"  {change} {what}: {now:.1%} of the comments, {before:.1%} before"
