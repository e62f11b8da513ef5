"""What CONTRACT promises of every result, whatever the batch."""

import math
import re
from typing import Any

COMPLETED_KEYS = {"version", "status", "topics", "assignments", "metrics", "outlierCount", "completedAt"}
FAILED_KEYS = {"version", "status", "error", "completedAt"}
METRICS = {"npmi_coherence", "topic_diversity", "outlier_ratio", "silhouette_score", "embedding_coherence"}


def check_failed(result: dict[str, Any], error: str) -> None:
    """Expect the failed form, and just this error."""
    assert result["error"] == error
    assert set(result) == FAILED_KEYS
    assert result["status"] == "failed"
    _check_time(result)


def check_completed(envelope: dict[str, Any], result: dict[str, Any]) -> None:
    """Expect the completed form and every invariant."""
    assert set(result) == COMPLETED_KEYS
    assert result["status"] == "completed"
    _check_time(result)
    _check_topics(result["topics"])
    n_items, n_assigned = len(envelope["items"]), len(result["assignments"])
    assert sum(topic["docCount"] for topic in result["topics"]) == n_assigned
    assert n_assigned + result["outlierCount"] == n_items
    assert set(result["metrics"]) == METRICS
    assert all(math.isfinite(value) and round(value, 4) == value for value in result["metrics"].values())
    assert result["metrics"]["outlier_ratio"] == round(result["outlierCount"] / n_items, 4)
    _check_assignments(envelope, result)


def _check_topics(topics: list[dict[str, Any]]) -> None:
    assert topics
    assert [topic["topicIndex"] for topic in topics] == list(range(len(topics)))
    counts = [topic["docCount"] for topic in topics]
    assert counts == sorted(counts, reverse=True)
    for topic in topics:
        assert set(topic) == {"topicIndex", "rawLabel", "keywords", "docCount"}
        keywords = topic["keywords"]
        assert 1 <= len(keywords) <= 10
        assert len(set(keywords)) == len(keywords)
        assert all(keywords)
        assert topic["rawLabel"] == "_".join([str(topic["topicIndex"]), *keywords[:4]])


def _check_assignments(envelope: dict[str, Any], result: dict[str, Any]) -> None:
    position = {item["submissionId"]: i for i, item in enumerate(envelope["items"])}
    assigned = [position[assignment["submissionId"]] for assignment in result["assignments"]]
    assert assigned == sorted(set(assigned))
    counts = [0] * len(result["topics"])
    for assignment in result["assignments"]:
        assert set(assignment) == {"submissionId", "topicIndex", "probability"}
        assert 0 <= assignment["probability"] <= 1
        assert round(assignment["probability"], 4) == assignment["probability"]
        counts[assignment["topicIndex"]] += 1
    assert counts == [topic["docCount"] for topic in result["topics"]]


def _check_time(result: dict[str, Any]) -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", result["completedAt"])
    assert re.fullmatch(r"\d+\.\d+\.\d+", result["version"])
