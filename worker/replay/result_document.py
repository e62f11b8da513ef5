"""Whether a JSON value is a result document: all that a comparison reads of it is there and of its type."""

from typing import Any, Final

from worker.replay.files import UnreadableFile

# Any larger number could not be held by a float.
_LARGEST: Final = 1e300


def checked_result(document: object, name: str) -> dict[str, Any]:
    """Make sure that a JSON value is a result document.

    Args:
        document: the JSON value.
        name: the file or job it came from, for the message.

    Raises:
        UnreadableFile: it is something else; the message says what is missing.
    """
    if isinstance(document, dict) and (_is_failure(document) or _is_skip(document) or _is_success(document)):
        return document
    raise UnreadableFile(
        f"{name} is not a result document: it must hold status and error or reason, or status, topics and assignments"
    )


def _is_failure(document: dict[str, Any]) -> bool:
    return document.get("status") == "failed" and isinstance(document.get("error"), str)


def _is_skip(document: dict[str, Any]) -> bool:
    return document.get("status") == "skipped" and isinstance(document.get("reason"), str)


def _is_success(document: dict[str, Any]) -> bool:
    # A prediction has no metrics.
    match {"metrics": {}, **document}:
        case {"status": "completed", "topics": list(topics), "assignments": list(items), "metrics": dict(metrics)}:
            known = {topic["topicIndex"] for topic in topics if _is_topic(topic)}
            return (
                all(map(_is_topic, topics))
                and all(_is_assignment(item) and item["topicIndex"] in known for item in items)
                and all(map(_is_finite, metrics.values()))
            )
        case _:
            return False


def _is_topic(topic: object) -> bool:
    match topic:
        case {"topicIndex": int(), "keywords": list(words)}:
            return all(isinstance(word, str) for word in words)
        case _:
            return False


def _is_assignment(item: object) -> bool:
    match item:
        case {"submissionId": str(), "topicIndex": int(), "probability": probability}:
            return _is_finite(probability)
        case _:
            return False


def _is_finite(value: object) -> bool:
    # math.isfinite would raise OverflowError for an int that is too large for a float.
    return type(value) in (int, float) and -_LARGEST < value < _LARGEST  # type: ignore[operator]
