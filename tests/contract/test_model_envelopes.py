"""Envelopes that name a kept model: each kind's own rules, and what is skipped."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.contract.envelopes import make_envelope, make_item
from worker.contract.envelope import Batch, Rejection, Skip, read_envelope
from worker.contract.model_envelopes import read_fit, read_prediction, read_rebuild, read_update
from worker.jobs.registry import KINDS, kind_of, show_schema

Read = Callable[[object], Batch | Rejection | Skip]
READERS: dict[str, Read] = {
    "topic-model": read_fit,
    "topic-model.update": read_update,
    "topic-model.predict": read_prediction,
    "topic-model.rebuild": read_rebuild,
}
TENANT = "model.tenant: must be 1 to 63 of the characters a-z, 0-9, _ and -, the first of them a letter or a digit"
VERSION = "model.version: must be the name of a version, such as 20260321_103500"


def envelope(kind: str, n_items: int = 16, **fields: Any) -> dict[str, Any]:
    """Make a sound envelope of a kind."""
    return make_envelope(n_items, **{"type": kind, "model": {"tenant": "campus-3"}, **fields})


@pytest.mark.parametrize("kind", READERS)
def test_each_kind_reads_its_own_and_no_other(kind: str) -> None:
    """The table finds it by its type; another kind's reader names the types there are."""
    assert kind_of(envelope(kind)) is KINDS[kind]
    assert isinstance(KINDS[kind].read(envelope(kind)), Batch)
    for other in READERS.keys() - {kind}:
        outcome = KINDS[other].read(envelope(kind))
        assert isinstance(outcome, Rejection)
        assert outcome.error.startswith("Invalid envelope: type: must be topic-model, topic-model.update, ")


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize(
    ("model", "flaw"),
    [
        ("campus-3", "model: must be an object"),
        ({}, "model.tenant: is required"),
        ({"tenant": None}, "model.tenant: must be a string"),
        *[({"tenant": name}, TENANT) for name in ("", "Campus", "-a", "_a", "a/b", "../a", "ñ", "a" * 64, "a\n")],
        *[
            ({"tenant": "a", "version": name}, VERSION)
            for name in ("", "latest", "20260321", "20260231_103500", "20260321_103500_1x", "../20260321_103500")
        ],
        ({"tenant": "a", "version": 3}, "model.version: must be a string"),
    ],
)
def test_a_model_that_cannot_be_one(kind: str, model: object, flaw: str) -> None:
    """The same words whatever the kind."""
    outcome = READERS[kind](envelope(kind, model=model))
    assert isinstance(outcome, Rejection)
    assert outcome.error == f"Invalid envelope: {flaw}"


@pytest.mark.parametrize("kind", sorted(READERS.keys() - {"topic-model"}))
def test_only_a_fit_does_without_a_model(kind: str) -> None:
    """Left out it is required, null is no object."""
    for change, flaw in (
        (lambda e: e.pop("model"), "is required"),
        (lambda e: e.update(model=None), "must be an object"),
    ):
        data = envelope(kind)
        change(data)
        outcome = READERS[kind](data)
        assert isinstance(outcome, Rejection)
        assert outcome.error == f"Invalid envelope: model: {flaw}"
    assert isinstance(read_fit(make_envelope(16)), Batch)
    assert isinstance(read_fit(make_envelope(16, model=None)), Batch)


def test_an_update_with_too_few_comments_is_skipped() -> None:
    """Ten if not said otherwise; zero vectors do not count; an envelope that breaks a rule is rejected all the same."""
    kind = "topic-model.update"
    assert isinstance(read_update(envelope(kind, 10)), Batch)
    skipped = read_update(envelope(kind, 9))
    assert isinstance(skipped, Skip)
    assert skipped.reason == "Received 9 items, an update needs at least 10 (min_documents)"
    assert skipped.correlation.pipeline_id == "pipeline-1"
    assert isinstance(read_update(envelope(kind, 1, params={"min_documents": 1})), Batch)
    assert isinstance(read_update(envelope(kind, 20, params={"min_documents": 21.0})), Skip)
    data = envelope(kind, 10)
    data["items"][4]["embedding"] = [0] * 768
    skipped = read_update(data)
    assert isinstance(skipped, Skip)
    assert skipped.reason == ("After filtering zero vectors, only 9 items remain (an update needs 10: min_documents)")
    assert isinstance(read_update(envelope(kind, 0)), Skip)
    assert isinstance(read_update(envelope(kind, 2, params={"min_documents": 0})), Rejection)
    data = envelope(kind, 2)
    data["items"][1]["embedding"] = [1.0] * 512
    rejected = read_update(data)
    assert isinstance(rejected, Rejection)
    assert rejected.error == 'Expected 768-dim embeddings, got 512 (items[1], submissionId "sub-1")'


@pytest.mark.parametrize("n_items", [3, 12])
def test_an_update_of_zero_vectors_alone_fails(n_items: int) -> None:
    """The data are at fault: skipped, it would look like a day of few comments."""
    data = envelope("topic-model.update", n_items)
    for item in data["items"]:
        item["embedding"] = [0.0] * 768
    rejected = read_update(data)
    assert isinstance(rejected, Rejection)
    assert rejected.error == "All embeddings are zero vectors"


def test_a_prediction_takes_one_comment() -> None:
    """And says so if there is none, or none with an embedding."""
    kind = "topic-model.predict"
    one = read_prediction(envelope(kind, 1))
    assert isinstance(one, Batch)
    assert one.submission_ids == ("sub-0",)
    none, zero = read_prediction(envelope(kind, 0)), envelope(kind, 1)
    zero["items"][0]["embedding"] = [0.0] * 768
    assert isinstance(none, Rejection)
    assert none.error == "Received 0 items, need at least 1 for a prediction"
    all_zero = read_prediction(zero)
    assert isinstance(all_zero, Rejection)
    assert all_zero.error == "All embeddings are zero vectors"


def test_a_rebuild_is_a_fit() -> None:
    """It takes as many comments as one."""
    outcome = read_rebuild(envelope("topic-model.rebuild", 14))
    assert isinstance(outcome, Rejection)
    assert outcome.error == "Received 14 items, need at least 15 (min_topic_size) for topic modeling"


def test_only_a_prediction_names_a_version() -> None:
    """The others go on from the active one, and say that they do."""
    model = {"tenant": "campus-3", "version": "20260321_103500_2"}
    for kind, read in READERS.items():
        batch = read(envelope(kind, model=model))
        assert isinstance(batch, Batch)
        assert batch.model is not None
        is_prediction = kind == "topic-model.predict"
        assert batch.model.version == (model["version"] if is_prediction else None)
        assert [w.startswith("model.version is ignored") for w in batch.warnings] == ([] if is_prediction else [True])


def test_only_a_fit_has_a_previous() -> None:
    """The topics of a kept model stay anyway; what was sent is said to be ignored."""
    for kind, read in READERS.items():
        batch = read(envelope(kind, previous="job-7"))
        assert isinstance(batch, Batch)
        assert batch.previous == ("job-7" if kind == "topic-model" else None)
        assert len(batch.warnings) == (kind != "topic-model")


@pytest.mark.parametrize("params", [{"tier1_guided": True}, {"aspects": {"lab": ["beaker"]}}, {"multi_topic": True}])
def test_only_a_fit_gives_aspects_and_second_topics(params: dict[str, Any]) -> None:
    """What was sent in vain is said to be ignored."""
    for kind, read in READERS.items():
        batch = read(envelope(kind, params=params))
        assert isinstance(batch, Batch)
        warned = [warning for warning in batch.warnings if warning.startswith("aspects, tier1_guided and multi_topic ")]
        assert len(warned) == (kind != "topic-model")


@pytest.mark.parametrize("kind", READERS)
def test_the_schema_takes_what_each_kind_takes(kind: str) -> None:
    """One value replaced at a time: both take it, or both refuse it."""
    parts = {
        "topic-model": "Request",
        "topic-model.update": "UpdateRequest",
        "topic-model.predict": "PredictRequest",
        "topic-model.rebuild": "RebuildRequest",
    }
    schema = json.loads(show_schema())
    rules = Draft202012Validator({"$ref": f"#/$defs/TopicModel{parts[kind]}", "$defs": schema["$defs"]})
    sound = envelope(kind, items=[make_item(i) for i in range(16)])
    values = [
        None,
        3,
        "",
        "a",
        "topic-model.predict",
        {},
        {"tenant": "a"},
        {"tenant": "A"},
        {"tenant": "a", "version": "1"},
    ]
    for place in ("type", "model", "params", "version"):
        for value in values:
            data = copy.copy(sound) | {place: value}
            assert rules.is_valid(data | {"items": sound["items"][:1]}) == (
                not isinstance(READERS[kind](data), Rejection)
            ), (place, value)


def test_the_plain_reader_takes_a_model_too() -> None:
    """A sweep reads by it, and no model is kept by a sweep."""
    batch = read_envelope(envelope("topic-model"))
    assert isinstance(batch, Batch)
    assert batch.model is not None


@pytest.mark.parametrize("kind", ["topic-model", "topic-model.update", "topic-model.rebuild"])
def test_topics_that_are_too_small_for_a_vector_are_told(kind: str) -> None:
    """The request's own min_topic_size is used, and the job's log says what that means for a kept model."""
    read = {"topic-model": read_fit, **READERS}[kind]
    for size, n_warnings in ((9, 1), (10, 0), (None, 0)):
        batch = read(envelope(kind, 20, params={"min_topic_size": size}))
        assert isinstance(batch, Batch)
        assert [warning.startswith(f"min_topic_size is {size}: ") for warning in batch.warnings] == [True] * n_warnings
    unkept = read_fit(make_envelope(20, params={"min_topic_size": 9}))
    assert isinstance(unkept, Batch)
    assert unkept.warnings == ()
