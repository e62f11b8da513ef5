"""What the kinds that use a kept model return: exact fields, counts that agree, and nothing that contradicts itself."""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from tests.contract.envelopes import SENTINEL_TEXT, make_envelope, make_fit
from worker.contract.envelope import Batch, read_envelope
from worker.contract.model_envelopes import read_prediction
from worker.contract.model_result import Changes, Placed, predicted, updated
from worker.contract.result import completed, skipped
from worker.contract.sealed_result import from_bytes, opened, sealed, to_bytes
from worker.errors import EngineFailed
from worker.jobs.registry import show_schema
from worker.topics.fit import TopicMetrics

NOW = datetime(2026, 3, 21, 10, 35, tzinfo=UTC)
DEFINITIONS = json.loads(show_schema())["$defs"]
N_ITEMS = 6


@dataclass(frozen=True)
class Sample:
    """A typical comment."""

    id: str


@dataclass(frozen=True)
class Topic:
    """A topic of a model."""

    number: int
    n: int
    raw_label: str = "7_fast_pace"
    label: str = ""
    keywords: tuple[str, ...] = ("fast", "pace", "fast")
    samples: tuple[Sample, ...] = field(default_factory=lambda: tuple(Sample(f"old-{i}") for i in range(9)))


@dataclass(frozen=True)
class Drift:
    """A measured drift."""

    level: str = "MEDIUM"
    enough: bool = False
    p_value: float = 0.0123456
    excess_variation: float = -0.00001
    outlier_excess: float = 0.25
    shift: float = 0.31417
    moved: tuple[int, ...] = (9, 4)


TOPICS = (Topic(4, 30), Topic(9, 2), Topic(12, 40))
METRICS = TopicMetrics(0.1, 0.2, 0.9, -0.3, 0.4)


def batch_of(n_items: int = N_ITEMS) -> Batch:
    """Read a batch whose second comment is a zero vector."""
    data = make_envelope(n_items, type="topic-model.predict", model={"tenant": "campus-3"})
    data["items"][1]["embedding"] = [0] * 768
    batch = read_prediction(data)
    assert isinstance(batch, Batch)
    return batch


def placed(labels: list[int] | None = None, topics: tuple[Topic, ...] = TOPICS) -> Placed:
    """Place the comments of that batch."""
    found = np.array([9, 4, 4, -1, 9] if labels is None else labels, dtype=np.int64)
    return Placed(found, np.where(found < 0, 0.0, 0.71239).astype(np.float32), topics)


def check(document: dict[str, Any], definition: str) -> None:
    """Hold a document against its definition in the schema."""
    Draft202012Validator({"$ref": f"#/$defs/{definition}", "$defs": DEFINITIONS}).validate(document)
    assert SENTINEL_TEXT not in json.dumps(document)


def test_a_prediction() -> None:
    """Topics that the batch has comments in, by falling size; the largest of all times first if they are equal."""
    document = predicted(batch_of(), placed(), Drift(), "20260321_103500", NOW)
    check(document, "TopicModelPredictResult")
    assert document == {
        "version": document["version"],
        "status": "completed",
        "topics": [
            {"topicIndex": 4, "rawLabel": "7_fast_pace", "keywords": ["fast", "pace"], "docCount": 2},
            {"topicIndex": 9, "rawLabel": "7_fast_pace", "keywords": ["fast", "pace"], "docCount": 2},
        ],
        "assignments": [
            {"submissionId": "sub-0", "topicIndex": 9, "probability": 0.7124},
            {"submissionId": "sub-2", "topicIndex": 4, "probability": 0.7124},
            {"submissionId": "sub-3", "topicIndex": 4, "probability": 0.7124},
            {"submissionId": "sub-5", "topicIndex": 9, "probability": 0.7124},
        ],
        "outlierCount": 2,
        "drift": {
            "level": "MEDIUM",
            "enough": False,
            "pValue": 0.0123,
            "excessVariation": 0.0,
            "outlierExcess": 0.25,
            "shift": 0.3142,
            "moved": [9, 4],
        },
        "model": {"tenant": "campus-3", "version": "20260321_103500"},
        "completedAt": "2026-03-21T10:35:00.000Z",
    }


def test_a_prediction_in_which_all_are_outliers() -> None:
    """No topic, no assignment."""
    document = predicted(batch_of(), placed([-1] * 5), Drift(), "20260321_103500", NOW)
    check(document, "TopicModelPredictResult")
    assert (document["topics"], document["assignments"], document["outlierCount"]) == ([], [], 6)


def test_an_update() -> None:
    """Every topic is there, with the comments of this batch and those of all; samples and new topics by number."""
    document = updated(batch_of(), placed(), Changes([9], {3: 4, 1: 12}, METRICS, Drift()), NOW)
    check({**document, "model": {"tenant": "a", "version": "20260321_103500"}}, "TopicModelUpdateResult")
    assert [(t["topicIndex"], t["docCount"], t["totalCount"]) for t in document["topics"]] == [  # type: ignore[union-attr]
        (4, 2, 30),
        (9, 2, 2),
        (12, 0, 40),
    ]
    assert document["born"] == [9]
    assert document["redirects"] == {"1": 12, "3": 4}
    assert document["metrics"]["outlier_ratio"] == round(2 / 6, 4)  # type: ignore[index]
    assert document["snapshot"] == [
        {"topicIndex": number, "totalCount": n, "submissionIds": [f"old-{i}" for i in range(5)]}
        for number, n in ((12, 40), (4, 30), (9, 2))
    ]


def test_a_snapshot_shows_the_ten_largest() -> None:
    """However many topics there are."""
    topics = tuple(Topic(number, 100 + number) for number in range(14))
    document = updated(batch_of(), placed([-1] * 5, topics), Changes([], {}, METRICS, Drift()), NOW)
    assert [each["topicIndex"] for each in document["snapshot"]] == list(range(13, 3, -1))  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("flawed", "reason"),
    [
        (placed([9, 4]), "labels for 2 of 5 documents"),
        (placed([9, 4, 5, -1, 9]), "a label that is no topic's number"),
        (placed([9, 4, 4, -2, 9]), "a label that is no topic's number"),
        (replace(placed(), topics=(*TOPICS, Topic(9, 3))), "topics without a number of their own"),
        (replace(placed(), topics=(*TOPICS, Topic(-3, 3))), "topics without a number of their own"),
        (replace(placed(), topics=tuple(replace(t, keywords=()) for t in TOPICS)), "a topic without words"),
        (replace(placed(), probabilities=np.full(5, np.nan, np.float32)), "a probability that is not finite"),
    ],
)
def test_what_contradicts_itself_is_no_result(flawed: Placed, reason: str) -> None:
    """It is a bug, found before anything is kept."""
    with pytest.raises(EngineFailed, match=reason):
        predicted(batch_of(), flawed, Drift(), "20260321_103500", NOW)
    with pytest.raises(EngineFailed, match=reason):
        updated(batch_of(), flawed, Changes([], {}, METRICS, Drift()), NOW)


def test_an_update_that_contradicts_its_model_is_no_result() -> None:
    """A topic cannot have fewer comments in all than in the batch, and a new one must be there."""
    with pytest.raises(EngineFailed, match="fewer documents than the batch"):
        updated(batch_of(), placed(topics=(Topic(4, 1), Topic(9, 2))), Changes([], {}, METRICS, Drift()), NOW)
    with pytest.raises(EngineFailed, match="a new topic that is not there"):
        updated(batch_of(), placed(), Changes([5], {}, METRICS, Drift()), NOW)
    with pytest.raises(EngineFailed, match="not finite"):
        updated(batch_of(), placed(), Changes([], {}, replace(METRICS, silhouette_score=np.inf), Drift()), NOW)


def test_a_skipped_update() -> None:
    """Four fields."""
    document = skipped("Received 2 items", now=NOW)
    check(document, "TopicModelUpdateResult")
    assert set(document) == {"version", "status", "reason", "completedAt"}


def test_a_sealed_result_names_no_comment_and_opens_to_the_same() -> None:
    """Also one with second topics and aspects; equal results give equal bytes."""
    fitted = read_envelope(make_envelope(16))
    assert isinstance(fitted, Batch)
    for batch, document in (
        (fitted, completed(fitted, make_fit(fitted), now=NOW)),
        (batch_of(), predicted(batch_of(), placed(), Drift(), "20260321_103500", NOW)),
    ):
        closed = to_bytes(sealed(document, batch))
        assert closed == to_bytes(sealed(document, batch))
        assert not any(name in json.dumps(from_bytes(closed)) for name in batch.submission_ids)
        assert opened(from_bytes(closed), batch) == document
