"""`previous`: an earlier result in the envelope, and what the document says of its topics."""

import copy
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.contract.envelopes import make_envelope, make_fit
from worker.contract.envelope import Batch, Rejection, read_envelope
from worker.contract.previous import NOT_HAD, EarlierResult
from worker.contract.result import Document, completed
from worker.contract.schema import contract_schema
from worker.errors import EngineFailed
from worker.jobs.topic_model import fit_once, previous_job, with_previous
from worker.topics.earlier import UNKNOWN, Continuity, RefitAdvice

NOW = datetime(2026, 3, 21, 10, 35, tzinfo=UTC)
WEEK_BEFORE, BORN = "2026-03-14T10:35:00.000Z", "2026-03-07T10:35:00.000Z"
RESULT: dict[str, Any] = {
    "version": "1.0.0",
    "status": "completed",
    "topics": [
        {"topicIndex": 4, "rawLabel": "4_late_room", "keywords": ["late"], "docCount": 2, "since": BORN},
        {"topicIndex": 1, "rawLabel": "1_kind", "keywords": ["kind"], "docCount": 1},
    ],
    "assignments": [
        {"submissionId": "sub-1", "topicIndex": 4, "probability": 0.7},
        {"submissionId": "sub-3", "topicIndex": 4, "probability": 0.7},
        {"submissionId": "sub-5", "topicIndex": 1, "probability": 0.7},
        {"submissionId": "gone", "topicIndex": 1, "probability": 0.7},
    ],
    "outlierCount": 8,
    "continuity": {"previous": "a", "kept": [1], "born": [4], "faded": [9], "moved": 0, "shared": 3},
    "completedAt": WEEK_BEFORE,
}
SCHEMA = contract_schema()
REQUEST = Draft202012Validator({"$ref": "#/$defs/TopicModelRequest", "$defs": SCHEMA["$defs"]})
COMPLETED = Draft202012Validator({"$ref": "#/$defs/TopicModelResult", "$defs": SCHEMA["$defs"]})


def batch_with(previous: object) -> Batch:
    """Read a sound envelope of 15 items."""
    envelope = make_envelope(previous=previous)
    assert REQUEST.is_valid(envelope)
    outcome = read_envelope(envelope)
    assert isinstance(outcome, Batch), outcome
    return outcome


def document_with(previous: object, continuity: Continuity) -> Document:
    """Answer a batch of two topics."""
    batch = batch_with(previous)
    return completed(batch, replace(make_fit(batch), continuity=continuity), now=NOW)


def test_the_engine_is_told_what_each_comment_was_in() -> None:
    """By submissionId, zero vectors left out; half of the outliers are back, as half of the other comments."""
    envelope = make_envelope(16, previous=RESULT)
    envelope["items"][0]["embedding"] = [0.0] * 768
    batch = read_envelope(envelope)
    assert isinstance(batch, Batch)
    earlier = fit_once(batch).earlier
    assert earlier is not None
    assert earlier.labels.tolist() == [4, UNKNOWN, 4, UNKNOWN, 1, *[UNKNOWN] * 10]
    assert earlier.raw_labels == {4: "4_late_room", 1: "1_kind"}
    assert earlier.highest == 9
    assert earlier.n_outliers_among_unknown == 6


def test_without_previous_nothing_is_told_and_nothing_is_said() -> None:
    """Null is as good as left out."""
    for envelope in (make_envelope(), make_envelope(previous=None)):
        batch = read_envelope(envelope)
        assert isinstance(batch, Batch)
        assert fit_once(batch).earlier is None
        assert "continuity" not in completed(batch, make_fit(batch), now=NOW)


def test_the_document_has_the_topics_own_numbers_labels_and_birthdays() -> None:
    """Kept topics have those of before, a new one is born now."""
    continuity = Continuity((4, 10), ("4_late_room", None), (4,), (10,), (1, 9), 1, 3, RefitAdvice(True, "why"))
    document: Any = document_with(RESULT, continuity)
    COMPLETED.validate(document)
    first, second = document["topics"]
    assert (first["topicIndex"], first["rawLabel"], first["since"]) == (4, "4_late_room", BORN)
    assert (second["topicIndex"], second["since"]) == (10, "2026-03-21T10:35:00.000Z")
    assert second["rawLabel"].startswith("10_word1_")
    assert {assignment["topicIndex"] for assignment in document["assignments"]} == {4, 10}
    assert document["continuity"] == {
        "previous": "inline",
        "kept": [4],
        "born": [10],
        "faded": [1, 9],
        "moved": 1,
        "shared": 3,
        "refit": {"advised": True, "why": "why"},
    }


def test_a_topic_of_a_first_fit_was_born_when_that_was_completed() -> None:
    """Its result names no birthdays."""
    continuity = Continuity((1, 10), (None, None), (1,), (10,), (4, 9), 0, 3, RefitAdvice(False))
    document: Any = document_with(RESULT, continuity)
    assert [topic["since"] for topic in document["topics"]] == [WEEK_BEFORE, "2026-03-21T10:35:00.000Z"]


def test_two_topics_of_one_number_are_a_bug_of_the_engine() -> None:
    """It raises, and BullMQ tries again."""
    continuity = Continuity((4, 4), (None, None), (4,), (), (1, 9), 0, 3, RefitAdvice(False))
    with pytest.raises(EngineFailed, match="number of their own"):
        document_with(RESULT, continuity)


def test_a_job_is_named_until_its_result_is_fetched() -> None:
    """Then its id stands in the result."""
    batch = batch_with("pipeline-1--topic-model")
    assert previous_job(batch) == "pipeline-1--topic-model"
    complete = with_previous(batch, RESULT)
    assert previous_job(complete) is None
    assert isinstance(complete.previous, EarlierResult)
    assert complete.previous.name == "pipeline-1--topic-model"
    assert complete.warnings == ()


@pytest.mark.parametrize(
    ("returned", "why"),
    [
        (None, "it has no result"),
        ({"version": "1.0.0", "status": "failed", "error": "x", "completedAt": BORN}, "it failed"),
        ({"words": 5}, "it returned something else than topics"),
        ([], "it returned something else than topics"),
        ({**RESULT, "assignments": [{"submissionId": "a", "topicIndex": 77}]}, "it returned something else"),
    ],
)
def test_a_result_that_cannot_be_had_makes_a_first_fit(returned: object, why: str) -> None:
    """With a warning, and null in the result; it is no failure."""
    batch = with_previous(batch_with("some-job"), returned)
    assert batch.previous is NOT_HAD
    (warning,) = batch.warnings
    assert "some-job" in warning
    assert why in warning
    continuity = Continuity((0, 1), (None, None), (), (0, 1), (), 0, 0, RefitAdvice(False))
    document: Any = completed(batch, replace(make_fit(batch), continuity=continuity), now=NOW)
    COMPLETED.validate(document)
    assert document["continuity"]["previous"] is None
    assert document["topics"][0]["rawLabel"].startswith("0_word0")


def test_an_inline_failure_makes_a_first_fit() -> None:
    """As that of a job does."""
    batch = batch_with({"version": "1.0.0", "status": "failed", "error": "x", "completedAt": BORN})
    assert batch.previous is NOT_HAD
    assert len(batch.warnings) == 1


def broken(*path: str | int, value: object) -> dict[str, Any]:
    """Replace one value of the result."""
    result = copy.deepcopy(RESULT)
    parent: Any = result
    for step in path[:-1]:
        parent = parent[step]
    parent[path[-1]] = value
    return result


@pytest.mark.parametrize(
    ("previous", "error"),
    [
        ("", "previous: must not be empty"),
        (5, "previous: must be the id of a job or an earlier result"),
        ([], "previous: must be the id of a job or an earlier result"),
        ({}, "previous.topics: is required; previous.assignments: is required"),
        ({"topics": []}, "previous.assignments: is required"),
        (broken("topics", value={}), "previous.topics: must be an array"),
        (broken("topics", 0, value=1), "previous.topics[0]: must be an object"),
        (broken("topics", 1, "topicIndex", value=-1), "previous.topics[1].topicIndex: must be an integer from 0"),
        (broken("topics", 1, "topicIndex", value=True), "previous.topics[1].topicIndex: must be an integer from 0"),
        (broken("topics", 1, "topicIndex", value=2**31), "previous.topics[1].topicIndex: must be an integer from 0"),
        (broken("topics", 0, "rawLabel", value=["late"]), "previous.topics[0].rawLabel: must be a string"),
        (broken("topics", 0, "since", value="yesterday"), "previous.topics[0].since: must be a time in UTC"),
        (broken("assignments", 2, value=None), "previous.assignments[2]: must be an object"),
        (broken("assignments", 2, "submissionId", value=""), "previous.assignments[2].submissionId: must be a string"),
        (broken("continuity", "faded", value=["x"]), "previous.continuity.faded: must be an integer from 0"),
        (broken("continuity", value=[]), "previous.continuity: must be an object"),
        (broken("outlierCount", value=-1), "previous.outlierCount: must be an integer from 0"),
        (broken("completedAt", value="2026"), "previous.completedAt: must be a time in UTC"),
    ],
)
def test_what_is_no_result_is_an_invalid_envelope(previous: object, error: str) -> None:
    """The place is named, and nothing of the value is quoted; the schema says the same."""
    envelope = make_envelope(previous=previous)
    outcome = read_envelope(envelope)
    assert isinstance(outcome, Rejection)
    assert outcome.error.startswith("Invalid envelope: ")
    assert error in outcome.error
    assert not REQUEST.is_valid(envelope)


@pytest.mark.parametrize(
    ("previous", "error"),
    [
        (broken("topics", 1, "topicIndex", value=4), "previous.topics[1].topicIndex: is already that of another topic"),
        (broken("assignments", 2, "topicIndex", value=2), "previous.assignments[2].topicIndex: must be that of one"),
        (
            {**RESULT, "assignments": [*RESULT["assignments"], {"submissionId": "gone", "topicIndex": 4}]},
            "previous.assignments[4].submissionId: is already in another topic",
        ),
    ],
)
def test_a_result_that_contradicts_itself_is_an_invalid_envelope(previous: object, error: str) -> None:
    """What no schema can say."""
    outcome = read_envelope(make_envelope(previous=previous))
    assert isinstance(outcome, Rejection)
    assert error in outcome.error


def test_what_the_contract_shows_is_enough() -> None:
    """Topics and assignments, both empty: all is new."""
    earlier = fit_once(batch_with({"topics": [], "assignments": []})).earlier
    assert earlier is not None
    assert (earlier.highest, earlier.raw_labels) == (-1, {})
