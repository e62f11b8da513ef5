"""Results in files: the topic of each comment as CSV, the whole result as JSON."""

import csv
import io
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from worker.replay.files import check_writable, write_file
from worker.replay.request import BadUsage

COLUMNS: Final = ("id", "topic", "probability", "keywords")
# Only if a topic has one.
LABEL: Final = "label"
OUTLIER: Final = -1
_CSV, _JSON = ".csv", ".json"
# Excel takes a file without this mark for one in cp1252.
_ENCODING: Final = "utf-8-sig"


def check_outputs(paths: Sequence[str], source: str) -> None:
    """Check the paths before anything is computed.

    Raises:
        BadUsage: a path is that of the table itself, or is given twice.
        UnwritableFile: a file cannot be written.
    """
    seen: list[str] = []
    for path in paths:
        real = os.path.realpath(path)
        if real == os.path.realpath(source):
            raise BadUsage(f"{path} is the table itself and would be overwritten")
        if real in seen:
            raise BadUsage(f"{path} is given twice: one result would overwrite the other")
        seen.append(real)
        check_writable(path)


def check_formats(paths: Sequence[str]) -> None:
    """Check that each path says by its end what is to be written.

    Raises:
        BadUsage: one does not.
    """
    for path in paths:
        if Path(path).suffix.lower() not in {_CSV, _JSON}:
            raise BadUsage(f"--out {path}: a name that ends in .csv (a row a comment) or .json (the whole result)")


def check_json(paths: Sequence[str]) -> None:
    """Check that each path is one of JSON, for a result that has no row for a comment.

    Raises:
        BadUsage: one is not.
    """
    for path in paths:
        if Path(path).suffix.lower() != _JSON:
            raise BadUsage(f"--out {path}: trials are written as JSON: a name that ends in .json")


def write_outputs(paths: Sequence[str], document: Mapping[str, Any], ids: Sequence[str]) -> None:
    """Write a completed result.

    Args:
        paths: of the files.
        document: the result.
        ids: of all comments, in their order; those that the result does not assign are outliers.

    Raises:
        UnwritableFile: a file cannot be written.
    """
    for path in paths:
        as_csv = Path(path).suffix.lower() == _CSV and "assignments" in document
        write_file(path, _assignments(document, ids) if as_csv else _as_json(document))


def _as_json(document: Mapping[str, Any]) -> bytes:
    return (json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2) + "\n").encode()


def _assignments(document: Mapping[str, Any], ids: Sequence[str]) -> bytes:
    keywords = {topic["topicIndex"]: ", ".join(topic["keywords"]) for topic in document["topics"]}
    found = {assignment["submissionId"]: assignment for assignment in document["assignments"]}
    labels = {topic["topicIndex"]: topic[LABEL] for topic in document["topics"] if topic.get(LABEL)}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((*COLUMNS, LABEL) if labels else COLUMNS)
    for id_ in ids:
        own = found.get(id_)
        topic = OUTLIER if own is None else own["topicIndex"]
        row = (id_, topic, 0.0 if own is None else own["probability"], keywords.get(topic, ""))
        writer.writerow((*row, labels.get(topic, "")) if labels else row)
    return text.getvalue().encode(_ENCODING)
