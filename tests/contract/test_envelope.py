"""The envelope as a whole: its header, its size, the order of its rules, and what passes through unchanged."""

from typing import Any

import pytest

from tests.contract.envelopes import SENTINEL_NUMBER, SENTINEL_TEXT, make_envelope
from tests.contract.reading import ABSENT, ZEROS, batch_of, error_of, put
from tests.contract.reference import MINIMA
from worker.contract.envelope import Batch, Correlation, Rejection, read_envelope
from worker.topics.fit import TopicParams

TYPES = "must be topic-model, topic-model.update, topic-model.predict, topic-model.rebuild or topic-model.tune"


@pytest.mark.parametrize("data", [None, "{}", 5, 1.5, True, [], [make_envelope()]])
def test_job_data_must_be_an_object(data: object) -> None:
    """`job.data` of another type is refused as a whole."""
    assert error_of(data) == "Invalid envelope: job.data: must be an object"


VERSION = "must have the major version 1, such as 1.0"


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("version", "2.0", VERSION),
        ("version", "0.9", VERSION),
        ("version", "10.0", VERSION),
        ("version", "", VERSION),
        ("version", "one", VERSION),
        ("version", 1, "must be a string"),
        ("type", "sentiment", TYPES),
        ("type", "", TYPES),
        ("type", "Topic-Model", TYPES),
        ("type", 5, "must be a string"),
        ("params", [], "must be an object"),
        ("params", "fast", "must be an object"),
    ],
)
def test_header_rule(field: str, value: object, message: str) -> None:
    """A wrong version, type or params is refused with its name."""
    assert error_of(make_envelope(**{field: value})) == f"Invalid envelope: {field}: {message}"


@pytest.mark.parametrize("field", ["version", "type", "params", "jobId", "metadata", "publishedAt"])
@pytest.mark.parametrize("value", [ABSENT, None])
def test_optional_field_may_be_missing_or_null(field: str, value: object) -> None:
    """What is optional may be left out or null."""
    batch_of(put(make_envelope(), (field,), value))


@pytest.mark.parametrize("version", ["1", "1.0", "1.9.3", "1.0-beta"])
def test_major_version_1_is_read(version: str) -> None:
    """Any minor version of 1 is read."""
    batch_of(make_envelope(version=version))


def test_at_most_five_places_are_named() -> None:
    """The sixth flaw and later ones are only counted."""
    broken = make_envelope(version="2.0", type="x", params={"nr_topics": 0})
    for position in range(4):
        broken["items"][position] = {}
    error = error_of(broken)
    assert error.startswith("Invalid envelope: version: ")
    assert error.endswith("items[0].text: is required; … and 10 more")
    assert error.count(": ") == 1 + 5


@pytest.mark.parametrize(
    ("n_items", "params", "error"),
    [
        (0, None, "Received 0 items, need at least 15 (min_topic_size) for topic modeling"),
        (8, None, "Received 8 items, need at least 15 (min_topic_size) for topic modeling"),
        (
            14,
            {"min_topic_size": None},
            "Received 14 items, need at least 15 (min_topic_size) for topic modeling",
        ),
        (
            1,
            {"min_topic_size": 2},
            "Received 1 items, need at least 2 (min_topic_size) for topic modeling",
        ),
        (
            15,
            {"min_topic_size": 20.0},
            "Received 15 items, need at least 20 (min_topic_size) for topic modeling",
        ),
    ],
)
def test_too_few_items(n_items: int, params: object, error: str) -> None:
    """Fewer items than min_topic_size, sent or default, fail with both numbers."""
    assert error_of(make_envelope(n_items, params=params)) == error


@pytest.mark.parametrize(
    ("later_error", "earlier_error"),
    [
        ("length", "envelope"),
        ("few", "envelope"),
        ("zero", "envelope"),
        ("length", "few"),
        ("zero", "few"),
        ("zero", "length"),
    ],
)
def test_order_of_the_checks(later_error: str, earlier_error: str) -> None:
    """Of two failures the envelope's rules come first, then count, length, zeros."""
    starts = {"envelope": "Invalid envelope", "few": "Received", "length": "Expected 768"}
    envelope = make_envelope()
    for failure in (later_error, earlier_error):
        if failure == "zero":
            for item in envelope["items"]:
                item["embedding"] = ZEROS
        elif failure == "length":
            envelope["items"][5]["embedding"] = [1.0]
        elif failure == "few":
            envelope["params"] = {"min_topic_size": 16}
        else:
            envelope["items"][1]["text"] = ""
    assert error_of(envelope).startswith(starts[earlier_error])


def test_batch_holds_what_was_sent() -> None:
    """Ids, texts, order and correlation pass through unchanged."""
    batch = batch_of(make_envelope(16))
    assert batch.submission_ids == tuple(f"sub-{position}" for position in range(16))
    assert batch.texts == tuple(f"{SENTINEL_TEXT} {position}" for position in range(16))
    assert batch.kept.tolist() == list(range(16))
    assert batch.correlation == Correlation("job-1", "pipeline-1", "run-1")
    assert batch.params == TopicParams(min_cluster_size=15, n_topics=20)
    assert batch.warnings == ()


@pytest.mark.parametrize("value", [1, True, [], {}, "", {"pipelineId": 5, "runId": [1]}])
@pytest.mark.parametrize("field", ["jobId", "metadata", "publishedAt"])
def test_odd_correlation_is_ignored(field: str, value: object) -> None:
    """Fields that only correlate logs never fail a batch."""
    batch = batch_of(make_envelope(**{field: value}))
    if field == "jobId":
        assert batch.correlation == Correlation(None, "pipeline-1", "run-1")
    if field == "metadata":
        assert batch.correlation == Correlation("job-1", None, None)


def test_correlation_ids_are_fit_for_a_log() -> None:
    """Ids are cut short, and what cannot be encoded is escaped, in a rejection too."""
    broken = make_envelope(jobId="\ud800\n" + "j" * 500, items=None)
    outcome = read_envelope(broken)
    assert outcome.correlation.job_id == "\\ud800\\u000a" + "j" * 78 + "…"


def test_unknown_keys_are_ignored_at_every_level() -> None:
    """Extra keys, even ones that cannot be encoded, change nothing."""
    extra = {"\ud800": float("nan"), "embeddings": None, "__class__": {}, "model_config": 1}
    envelope = {**make_envelope(), **extra}
    envelope["params"] |= extra
    envelope["metadata"] |= extra
    envelope["items"][0] |= extra
    batch_of(envelope)


@pytest.mark.parametrize(
    "path",
    [
        *[
            ("extra",),
            ("jobId",),
            ("metadata",),
            ("version",),
            ("params",),
            ("params", "nr_topics"),
        ],
        *[("items",), ("items", 1), ("items", 1, "text"), ("items", 1, "embedding")],
        ("items", 1, "embedding", 5),
    ],
)
@pytest.mark.parametrize("kind", ["list", "dict"])
def test_deep_nesting_is_no_exception(path: tuple[str | int, ...], kind: str) -> None:
    """A hundred thousand levels anywhere are judged like any other wrong type."""
    nested: Any = []
    for _ in range(100_000):
        nested = [nested] if kind == "list" else {"items": nested}
    outcome = read_envelope(put(make_envelope(), path, nested))
    ignored = path[0] in ("extra", "jobId", "metadata") or (path == ("params",) and kind == "dict")
    assert isinstance(outcome, Batch) is ignored


def test_batch_repr_shows_no_words() -> None:
    """A batch in a traceback or a log line gives nobody's comment away."""
    shown = repr(batch_of(make_envelope()))
    assert SENTINEL_TEXT not in shown
    assert "array" not in shown


def test_input_is_not_modified() -> None:
    """The envelope can be used again, for a retry or a dump."""
    envelope = make_envelope()
    read_envelope(envelope)
    assert envelope == make_envelope()


def test_no_text_and_no_embedding_in_an_error() -> None:
    """Texts and numbers put at every place leave no trace in the message."""
    leaky = [SENTINEL_TEXT, SENTINEL_NUMBER, [SENTINEL_TEXT], {SENTINEL_TEXT: SENTINEL_NUMBER}]
    paths: list[tuple[str | int, ...]] = [
        *[(field,) for field in make_envelope()],
        *[("params", name) for name in [*MINIMA, "reduce_outliers"]],
        ("items", 1),
        *[("items", 1, field) for field in ("text", "embedding")],
        ("items", 1, "embedding", 9),
    ]
    for path in paths:
        for value in leaky:
            outcome = read_envelope(put(make_envelope(), path, value))
            if isinstance(outcome, Rejection):
                assert SENTINEL_TEXT not in outcome.error
                assert str(SENTINEL_NUMBER) not in outcome.error
