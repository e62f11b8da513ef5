"""`--compare`: how two results differ."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.replay.commands import ask, told
from worker.replay.differences import compare
from worker.replay.files import UnreadableFile
from worker.replay.result_document import checked_result


@pytest.mark.slow
def test_compare(plain: dict[str, Any], varied: dict[str, Any], tmp_path: Path) -> None:
    """Identical results say so in one line; others show matched topics, moved documents and metrics."""
    left, right = tmp_path / "a.json", tmp_path / "b.json"
    left.write_text(json.dumps(plain))
    right.write_text(json.dumps(varied))
    same = ask("--compare", left, left)
    assert same.returncode == 0
    assert same.stdout == b""
    assert told(same).splitlines() == [f"{left} and {left} are identical (but for completedAt and version)"]
    other = told(ask("--compare", left, right))
    assert f"A: {left}" in other
    assert "A and B differ: 10 documents in another topic" in other
    assert "silhouette_score" in other


def result(**changed: object) -> dict[str, Any]:
    """Give a small result document."""
    document: dict[str, Any] = {
        "status": "completed",
        "topics": [{"topicIndex": 0, "keywords": ["late", "absent"]}, {"topicIndex": 1, "keywords": ["voice"]}],
        "assignments": [
            {"submissionId": name, "topicIndex": i % 2, "probability": 0.5} for i, name in enumerate("abcd")
        ],
        "metrics": {"npmi_coherence": 0.1},
    }
    return document | changed


def test_two_results_that_differ_are_told_in_what() -> None:
    """The order of the items is no difference; any other one has a name."""
    assert compare(result(), result(assignments=result()["assignments"][::-1])).identical
    same_topics = "A and B differ: the same documents in the same topics"
    for changed in (
        {"aspectMapping": [1]},
        {"metrics": {"npmi_coherence": 0.2}},
        {"topics": [{**topic, "docCount": 7} for topic in result()["topics"]]},
    ):
        (field,) = changed
        assert compare(result(), result(**changed)).lines("A", "B") == [same_topics, f"what differs: {field}"]
    fewer = compare(result(), result(assignments=result()["assignments"][:3]))
    assert fewer.lines("A", "B") == [
        "A and B differ: 0 documents in another topic, 0 only in a topic of B, 1 only in a topic of A"
    ]


@pytest.mark.parametrize(
    "changed",
    [
        {"metrics": {"npmi_coherence": 10**400}},
        {"metrics": {"npmi_coherence": float("nan")}},
        {"assignments": [{"submissionId": ["a"], "topicIndex": 0, "probability": 0.5}]},
        {"assignments": [{"submissionId": "a", "topicIndex": 7, "probability": 0.5}]},
        {"topics": [{"topicIndex": 0, "keywords": [{}]}]},
    ],
)
def test_what_is_no_result_is_not_compared(changed: dict[str, Any]) -> None:
    """Ids that are no strings, numbers that are none, topics that are not there."""
    with pytest.raises(UnreadableFile, match="is not a result document"):
        checked_result(result(**changed), "x")


def test_an_error_in_a_result_is_one_line() -> None:
    """Whatever it holds."""
    failed = {"status": "failed", "error": "too\nfew\x1b[31m"}
    (line,) = compare(result(), failed).lines("A", "B")
    assert line == "the second failed: too few [31m"
