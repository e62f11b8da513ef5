"""The stored envelope of a job whose embeddings are no longer needed: all of it but them, and a mark that says so."""

import json
from datetime import datetime
from typing import Any, Final

from worker.contract.result import timestamp

# When the embeddings left. A key of the envelope that the contract does not name is ignored by everybody else.
SHED_AT: Final = "embeddingsShedAt"


def without_embeddings(data: object, now: datetime) -> str | None:
    """Write an envelope again without its items' embeddings; everything else stays.

    Args:
        data: the envelope, any JSON value; not changed.
        now: for the mark.

    Returns:
        JSON in ASCII; None if there are no embeddings in it.
    """
    if not isinstance(data, dict) or not any(map(_has_embedding, items := _items(data))):
        return None
    rest = [_without(item) if _has_embedding(item) else item for item in items]
    # ASCII with escapes: half of a surrogate pair, which a text may hold, cannot be written as UTF-8.
    return json.dumps({**data, "items": rest, SHED_AT: timestamp(now)}, separators=(",", ":"))


def why_shed(data: object) -> str | None:
    """Say what a reader of an envelope without its embeddings can do; None for an envelope that still has them."""
    if not isinstance(data, dict) or SHED_AT not in data or any(map(_has_embedding, _items(data))):
        return None
    return (
        "its embeddings left Redis after its result was delivered (SHED_JOB_DATA=after_success); "
        "its texts are still there. To compute it again, enqueue the batch with its embeddings"
    )


def _items(data: dict[str, Any]) -> list[Any]:
    items = data.get("items")
    return items if isinstance(items, list) else []


def _has_embedding(item: Any) -> bool:
    return isinstance(item, dict) and "embedding" in item


def _without(item: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in item.items() if key != "embedding"}
