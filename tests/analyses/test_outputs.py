"""What is written for a person who asked for a file."""

import csv
from pathlib import Path

import pytest

from worker.analyses.outputs import write_outputs


@pytest.mark.parametrize("label", ["", "Late again"])
def test_labels_are_a_column_if_there_are_any(label: str, tmp_path: Path) -> None:
    """Outliers and topics without one have an empty cell."""
    named = {"label": label} if label else {}
    topics = [{"topicIndex": 0, "keywords": ["late", "room"], **named}, {"topicIndex": 1, "keywords": ["lab"]}]
    assignments = [{"submissionId": str(topic), "topicIndex": topic, "probability": 0.9} for topic in (0, 1)]
    path = tmp_path / "a.csv"
    write_outputs([str(path)], {"topics": topics, "assignments": assignments}, ["0", "1", "2"])
    with path.open(encoding="utf-8-sig", newline="") as file:
        head, *rows = csv.reader(file)
    assert head == ["id", "topic", "probability", "keywords", *(["label"] if label else [])]
    assert [row[4:] for row in rows] == ([["Late again"], [""], [""]] if label else [[], [], []])
    assert [row[1] for row in rows] == ["0", "1", "-1"]
