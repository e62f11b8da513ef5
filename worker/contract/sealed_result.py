"""A result without the ids of its comments, as it is kept beside a model, and the same with them."""

import gzip
import json
from typing import Any

from worker.contract.envelope import Batch
from worker.contract.result import Document


def sealed(document: Document, batch: Batch) -> Document:
    """Give a result whose assignments name the positions of the items in place of their ids."""
    place = {name: position for position, name in enumerate(batch.submission_ids)}
    return {**document, "assignments": [_renamed(item, place) for item in _assignments(document)]}


def opened(document: Document, batch: Batch) -> Document:
    """Give a sealed result its ids back."""
    names = dict(enumerate(batch.submission_ids))
    return {**document, "assignments": [_renamed(item, names) for item in _assignments(document)]}


def to_bytes(document: Document) -> bytes:
    """Write a sealed result; equal ones give equal bytes."""
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return gzip.compress(text.encode(), compresslevel=6, mtime=0)


def from_bytes(data: bytes) -> Document:
    """Read what `to_bytes` wrote."""
    document: Document = json.loads(gzip.decompress(data))
    return document


def _assignments(document: Document) -> list[dict[str, Any]]:
    assignments: Any = document["assignments"]
    found: list[dict[str, Any]] = assignments
    return found


def _renamed(assignment: dict[str, Any], names: Any) -> Any:
    return {**assignment, "submissionId": names[assignment["submissionId"]]}
