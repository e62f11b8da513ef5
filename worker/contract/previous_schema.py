"""The JSON Schema of the envelope's `previous`; test_schema.py checks that the rules of previous.py agree."""

from collections.abc import Mapping
from typing import Any, Final

from worker.contract.previous import LARGEST_INDEX

_INDEX: Final = {"type": "integer", "minimum": 0, "maximum": LARGEST_INDEX}
_TIME: Final = {"type": ["string", "null"], "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"}
_INDICES: Final = {"type": "array", "items": _INDEX}


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required}


_RESULT: Final = _object(
    ["topics", "assignments"],
    topics={
        "type": "array",
        "items": _object(
            ["topicIndex"], topicIndex=_INDEX, rawLabel={"type": "string"}, label={"type": "string"}, since=_TIME
        ),
    },
    assignments={
        "type": "array",
        "items": _object(
            ["submissionId", "topicIndex"], submissionId={"type": "string", "minLength": 1}, topicIndex=_INDEX
        ),
    },
    outlierCount=_INDEX,
    completedAt=_TIME,
    continuity={**_object([], kept=_INDICES, born=_INDICES, faded=_INDICES), "type": ["object", "null"]},
)
_FAILED: Final = _object(["status", "error"], status={"const": "failed"}, error={"type": "string"})

PREVIOUS_SCHEMA: Final[Mapping[str, Any]] = {
    "description": "Topics that stay: the id of an earlier job of this queue, or its result as this worker returned "
    "it. An index stands in `topics` once only, and each assignment has one of them.",
    "anyOf": [{"type": "string", "minLength": 1}, _RESULT, _FAILED, {"type": "null"}],
}
