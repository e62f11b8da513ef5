"""`previous`: an earlier result, inline or by its job's id, read into what the engine needs of it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from worker.contract.rejection_text import Flaws
from worker.labels.naming import is_label
from worker.topics.earlier import UNKNOWN, EarlierTopics

INLINE: Final = "inline"
# It fits an int32, as the counts of `params` do, and leaves space for new topics above it.
LARGEST_INDEX: Final = 2**31 - 1 - 1000
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_INDEX: Final = f"must be an integer from 0 to {LARGEST_INDEX}"


@dataclass(frozen=True, eq=False)
class EarlierResult:
    """An earlier result.

    Attributes:
        name: the id of its job, or "inline"; None if it cannot be had, so that this is a first fit.
        topic_of: the index of the topic of each comment that was in one, by its submissionId.
        raw_labels: by the topic's index.
        labels: names for people, by the topic's index; without those that are a raw label.
        since: when each topic was born, by its index, if that is known.
        highest: the highest index that was ever used; -1 for none.
        n_outliers: how many comments were in no topic.
    """

    name: str | None
    # Not in the repr: labels are made of words of comments.
    topic_of: Mapping[str, int] = field(default_factory=dict, repr=False)
    raw_labels: Mapping[int, str] = field(default_factory=dict, repr=False)
    labels: Mapping[int, str] = field(default_factory=dict, repr=False)
    since: Mapping[int, str] = field(default_factory=dict, repr=False)
    highest: int = -1
    n_outliers: int = 0

    def topics_of(self, submission_ids: Sequence[str]) -> EarlierTopics:
        """Give what the engine is told of it, for comments in the order of their ids.

        A result lists no outliers. The same share of them is taken to be in this batch as of the comments that were
        in topics.
        """
        labels = np.array([self.topic_of.get(name, UNKNOWN) for name in submission_ids], dtype=np.int64)
        n_back, n_unlisted = int(np.sum(labels >= 0)), int(np.sum(labels == UNKNOWN))
        n_outliers = round(self.n_outliers * n_back / max(len(self.topic_of), 1))
        return EarlierTopics(labels, dict(self.raw_labels), self.highest, min(n_outliers, n_unlisted))


NOT_HAD: Final = EarlierResult(None)


def is_failure(document: object) -> bool:
    """Tell whether a JSON value is the result of a failed job."""
    return isinstance(document, dict) and document.get("status") == "failed" and isinstance(document.get("error"), str)


def read_previous(value: object, flaws: Flaws) -> EarlierResult | str | None:
    """Read the envelope's `previous`.

    Args:
        value: any JSON value.
        flaws: each broken rule is added.

    Returns:
        The result; the id of the job whose result is to be fetched; or None if there is no `previous`.
    """
    if value is None:
        return None
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            flaws.add("previous", "must be valid Unicode, but holds half of a surrogate pair")
        if not value:
            flaws.add("previous", "must not be empty")
        return value
    if is_failure(value):
        return NOT_HAD
    return read_result(value, INLINE, flaws)


def fetched_result(document: object, job_id: str) -> EarlierResult | str:
    """Read what an earlier job returned: its result, or one line that says why there is none to go on with.

    Args:
        document: any JSON value; None for a job that returned nothing.
        job_id: of that job.
    """
    if document is None:
        return "it has no result"
    if is_failure(document):
        return "it failed"
    return read_result(document, job_id, Flaws()) or "it returned something else than topics"


def read_result(document: object, name: str, flaws: Flaws) -> EarlierResult | None:
    """Read a completed result; only what the engine needs of it has to be there.

    Args:
        document: any JSON value.
        name: the id of its job, or "inline".
        flaws: each broken rule is added; None comes back if there is one.
    """
    n_before = flaws.n_found
    if not isinstance(document, dict):
        flaws.add("previous", "must be the id of a job or an earlier result")
        return None
    completed_at = _time(document.get("completedAt"), "previous.completedAt", flaws)
    topics = _list(document, "topics", flaws)
    raw_labels: dict[int, str] = {}
    labels: dict[int, str] = {}
    since: dict[int, str] = {}
    for position, topic in enumerate(topics):
        place = f"previous.topics[{position}]"
        index = _read_topic(topic, place, flaws)
        if index is None:
            continue
        if index in raw_labels:
            flaws.add(f"{place}.topicIndex", "is already that of another topic")
        raw_labels[index] = str(topic.get("rawLabel") or "")
        label = str(topic.get("label") or "")
        if label != raw_labels[index] and is_label(label):
            labels[index] = label
        born = _time(topic.get("since"), f"{place}.since", flaws) or completed_at
        if born:
            since[index] = born
    topic_of = _read_assignments(_list(document, "assignments", flaws), raw_labels, flaws)
    used = _read_used(document.get("continuity"), flaws)
    outliers = document.get("outlierCount", 0)
    if not _is_index(outliers):
        flaws.add("previous.outlierCount", _INDEX)
    if flaws.n_found > n_before:
        return None
    return EarlierResult(name, topic_of, raw_labels, labels, since, max([-1, *raw_labels, *used]), outliers)


def _read_topic(topic: Any, place: str, flaws: Flaws) -> int | None:
    if not isinstance(topic, dict):
        flaws.add(place, "must be an object")
        return None
    index: Any = topic.get("topicIndex")
    if not _is_index(index):
        flaws.add(f"{place}.topicIndex", _INDEX)
        return None
    for name in ("rawLabel", "label"):
        label = topic.get(name, "")
        if not isinstance(label, str) or not _is_unicode(label):
            flaws.add(f"{place}.{name}", "must be a string")
    found: int = index
    return found


def _read_assignments(assignments: list[Any], known: Mapping[int, str], flaws: Flaws) -> dict[str, int]:
    topic_of: dict[str, int] = {}
    for position, item in enumerate(assignments):
        if flaws.are_enough:
            flaws.stop_counting()
            break
        place = f"previous.assignments[{position}]"
        if not isinstance(item, dict):
            flaws.add(place, "must be an object")
            continue
        name: Any = item.get("submissionId")
        index: Any = item.get("topicIndex")
        if not isinstance(name, str) or not name:
            flaws.add(f"{place}.submissionId", "must be a string that is not empty")
        elif not _is_index(index) or index not in known:
            flaws.add(f"{place}.topicIndex", "must be that of one of its topics")
        elif topic_of.setdefault(name, index) != index:
            flaws.add(f"{place}.submissionId", "is already in another topic")
    return topic_of


def _read_used(continuity: object, flaws: Flaws) -> list[int]:
    """Give the indices that a result names as used; an index once used is never given to another topic."""
    if continuity is None:
        return []
    if not isinstance(continuity, dict):
        flaws.add("previous.continuity", "must be an object")
        return []
    used: list[int] = []
    for name in ("kept", "born", "faded"):
        for index in _list(continuity, name, flaws, at="previous.continuity", is_required=False):
            if _is_index(index):
                used.append(index)
            else:
                flaws.add(f"previous.continuity.{name}", _INDEX)
    return used


def _list(
    owner: dict[str, Any], name: str, flaws: Flaws, *, at: str = "previous", is_required: bool = True
) -> list[Any]:
    value = owner.get(name, None if is_required else [])
    if isinstance(value, list):
        return value
    flaws.add(f"{at}.{name}", "is required" if name not in owner else "must be an array")
    return []


def _time(value: object, place: str, flaws: Flaws) -> str | None:
    if value is None:
        return None
    if isinstance(value, str) and _TIME.fullmatch(value):
        return value
    flaws.add(place, "must be a time in UTC, such as 2026-03-21T10:35:00.000Z")
    return None


def _is_index(value: Any) -> bool:
    # `type`, not `isinstance`: a bool is an int to Python, not to the contract.
    return type(value) is int and 0 <= value <= LARGEST_INDEX


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
