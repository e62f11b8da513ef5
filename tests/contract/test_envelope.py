"""Every rule of the request and every message of the failure table, row by row."""

import base64
from typing import Any

import numpy as np
import pytest

from tests.contract.envelopes import SENTINEL_NUMBER, SENTINEL_TEXT, make_envelope, make_item
from tests.contract.reference import MAXIMA, MINIMA
from worker.contract.envelope import Batch, Correlation, Rejection, read_envelope
from worker.topics.fit import TopicParams

ABSENT = object()
HUGE_INT = 10**400


def put(envelope: dict[str, Any], path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    """Set (or, for `ABSENT`, delete) what is at `path`; changes `envelope` and gives it back."""
    target: Any = envelope
    for step in path[:-1]:
        target = target[step]
    if value is ABSENT:
        del target[path[-1]]
    else:
        target[path[-1]] = value
    return envelope


def error_of(data: object) -> str:
    """Expect a rejection, and give its message."""
    outcome = read_envelope(data)
    assert isinstance(outcome, Rejection), "expected a rejection"
    return outcome.error


def batch_of(data: object) -> Batch:
    """Expect a batch."""
    outcome = read_envelope(data)
    assert isinstance(outcome, Batch), outcome
    return outcome


STRING_RULE = [
    (ABSENT, "is required"),
    (None, "must be a string"),
    (7, "must be a string"),
    (True, "must be a string"),
    (["a"], "must be a string"),
    ({}, "must be a string"),
    ("", "must not be empty"),
    ("half \ud83d", "must be valid Unicode, but holds half of a surrogate pair"),
]
PACKED = base64.b64encode(np.linspace(-1, 1, 768, dtype="<f4").tobytes()).decode()
NOT_PACKED = [
    "0.1",
    PACKED[:-1],
    PACKED[:-4] + "====",
    PACKED + "\n",
    " " + PACKED[1:],
    PACKED[:-1] + "_",
    PACKED[:-1] + "é",
    base64.b64encode(bytes(3071)).decode(),
]
EMBEDDING_RULE = [
    (ABSENT, "is required"),
    (None, "must be an array of numbers, or base64"),
    (0.1, "must be an array of numbers, or base64"),
    ({"0": 0.1}, "must be an array of numbers, or base64"),
    *((text, "must be the base64 of little-endian float32 numbers, padded") for text in NOT_PACKED),
]


TYPES = "must be topic-model, topic-model.update, topic-model.predict, topic-model.rebuild or topic-model.tune"


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [(field, *case) for field in ("submissionId", "text") for case in STRING_RULE]
    + [("embedding", *case) for case in EMBEDDING_RULE],
)
def test_item_field_rule(field: str, value: object, message: str) -> None:
    """A broken rule of an item is named with its place."""
    broken = put(make_envelope(), ("items", 3, field), value)
    assert error_of(broken) == f"Invalid envelope: items[3].{field}: {message}"


@pytest.mark.parametrize(
    "entry",
    [True, False, None, "0.1", "", [0.1], {}, float("nan"), float("inf"), -float("inf"), HUGE_INT],
    ids=lambda entry: type(entry).__name__ + repr(entry)[:6],
)
@pytest.mark.parametrize("length", [768, 767, 18])
def test_embedding_entry_must_be_a_finite_number(entry: object, length: int) -> None:
    """An entry that is no finite number is named, whatever the length of its row."""
    broken = make_envelope()
    broken["items"][3]["embedding"] = [0.5] * length
    broken["items"][3]["embedding"][17] = entry
    broken["items"][3]["embedding"][-1] = entry
    assert error_of(broken) == "Invalid envelope: items[3].embedding[17]: must be a finite number"


def packed(row: Any) -> str:
    """Pack numbers as the contract says."""
    return base64.b64encode(np.asarray(row, dtype="<f4").tobytes()).decode()


def test_a_packed_embedding_is_the_same_embedding() -> None:
    """Byte by byte, beside numbers in one batch; extreme values, subnormal ones and a zero vector included."""
    rows = np.random.default_rng(7).normal(size=(20, 768)).astype("<f4")
    rows[1] *= np.float32(1e-38)
    rows[2] = np.finfo("<f4").max
    rows[3] = np.finfo("<f4").smallest_subnormal
    rows[4] = 0
    numbers, both = make_envelope(20), make_envelope(20)
    for position, row in enumerate(rows):
        numbers["items"][position]["embedding"] = row.tolist()
        both["items"][position]["embedding"] = packed(row) if position % 3 else row.tolist()
    ours, theirs = batch_of(both), batch_of(numbers)
    assert ours.embeddings.tobytes() == theirs.embeddings.tobytes()
    assert ours.kept.tolist() == theirs.kept.tolist()
    assert 4 not in ours.kept


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_a_packed_number_must_be_finite(number: float) -> None:
    """It is named by its entry."""
    row = np.ones(768)
    row[17] = row[-1] = number
    broken = put(make_envelope(), ("items", 3, "embedding"), packed(row))
    assert error_of(broken) == "Invalid envelope: items[3].embedding[17]: must be a finite number"


@pytest.mark.parametrize("length", [0, 512, 767, 769, 1024, 5_000])
def test_a_packed_embedding_of_another_length(length: int) -> None:
    """Its length in numbers is told; no row takes memory for more than 4,096 of them."""
    broken = put(make_envelope(), ("items", 3, "embedding"), packed(np.ones(length)))
    assert error_of(broken).startswith(f"Expected 768-dim embeddings, got {length} (items[3]")


@pytest.mark.parametrize("value", [None, 1, "item", [], True])
def test_item_must_be_an_object(value: object) -> None:
    """An item of another type is named."""
    broken = put(make_envelope(), ("items", 2), value)
    assert error_of(broken) == "Invalid envelope: items[2]: must be an object"


@pytest.mark.parametrize("data", [None, "{}", 5, 1.5, True, [], [make_envelope()]])
def test_job_data_must_be_an_object(data: object) -> None:
    """`job.data` of another type is refused as a whole."""
    assert error_of(data) == "Invalid envelope: job.data: must be an object"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (ABSENT, "is required"),
        (None, "must be an array"),
        ("items", "must be an array"),
        ({"0": make_item(0)}, "must be an array"),
        (3, "must be an array"),
    ],
)
def test_items_must_be_an_array(value: object, message: str) -> None:
    """`items` is required and a list."""
    assert error_of(put(make_envelope(), ("items",), value)) == f"Invalid envelope: items: {message}"


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


@pytest.mark.parametrize(("name", "minimum"), MINIMA.items())
@pytest.mark.parametrize("value", ["minimum - 1", -5, 15.5, "15", True, [], {}, float("nan"), float("inf"), -1e30])
def test_param_must_be_an_integer_in_range(name: str, minimum: int, value: object) -> None:
    """A parameter below its minimum, or no integer, is refused."""
    value = minimum - 1 if value == "minimum - 1" else value
    assert error_of(make_envelope(params={name: value})) == (
        f"Invalid envelope: params.{name}: must be an integer of at least {minimum}"
    )


@pytest.mark.parametrize(("name", "maximum"), MAXIMA.items())
@pytest.mark.parametrize("value", ["maximum + 1", 5000.0, 1e30, HUGE_INT])
def test_param_must_not_be_above_its_maximum(name: str, maximum: int, value: object) -> None:
    """A parameter that would cost minutes and gigabytes is refused, and the bound is named."""
    value = maximum + 1 if value == "maximum + 1" else value
    assert (
        error_of(make_envelope(params={name: value})) == f"Invalid envelope: params.{name}: must be at most {maximum}"
    )


@pytest.mark.parametrize("value", [1e30, HUGE_INT])
def test_min_topic_size_has_no_maximum(value: object) -> None:
    """A topic larger than any batch is asked for: that the batch is too small is the better message."""
    error = error_of(make_envelope(20, params={"min_topic_size": value}))
    assert error == f"Received 20 items, need at least {2**31 - 1} (min_topic_size) for topic modeling"


@pytest.mark.parametrize("value", [0, 1, "true", 1.0, []])
def test_reduce_outliers_must_be_a_bool(value: object) -> None:
    """The extension takes true or false, nothing that looks like it."""
    assert error_of(make_envelope(params={"reduce_outliers": value})) == (
        "Invalid envelope: params.reduce_outliers: must be true or false"
    )


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        (None, TopicParams()),
        ({}, TopicParams()),
        (dict.fromkeys([*MINIMA, "reduce_outliers"]), TopicParams()),
        (
            {**MINIMA, "reduce_outliers": False},
            TopicParams(2, 1, 2, 1, 1, reduce_outliers=False),
        ),
        ({"min_topic_size": 15.0}, TopicParams(min_cluster_size=15)),
        (MAXIMA, TopicParams(None, 1000, 200, 100, 200)),
        ({"reduce_outliers": True, "unknown": object}, TopicParams()),
    ],
)
def test_params_are_mapped_to_the_engine(params: Any, expected: TopicParams) -> None:
    """The request's names become the engine's; left out and null are both None."""
    assert batch_of(make_envelope(params=params)).params == expected


def test_duplicate_submission_id_is_refused() -> None:
    """A second use of an id is named with the place of the first."""
    broken = put(make_envelope(), ("items", 7, "submissionId"), "sub-2")
    assert error_of(broken) == ("Invalid envelope: items[7].submissionId: is already that of items[2]")


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


@pytest.mark.parametrize("length", [0, 1, 512, 767, 769, 1536])
def test_embedding_of_another_length(length: int) -> None:
    """The first embedding of another length is named with its item."""
    broken = make_envelope()
    broken["items"][3]["embedding"] = [0.5] * length
    broken["items"][9]["embedding"] = [0.5] * 3
    assert error_of(broken) == (f'Expected 768-dim embeddings, got {length} (items[3], submissionId "sub-3")')


@pytest.mark.parametrize(
    ("submission_id", "shown"),
    [
        ('a"b\\c', "a\\u0022b\\u005cc"),
        ("ñ-日本", "ñ-日本"),
        ("two\nlines\x00", "two\\u000alines\\u0000"),
        ("\u2028", "\\u2028"),
        ("x" * 10_000_000, "x" * 80 + "…"),
    ],
    ids=["quotes", "non-ascii", "control", "separator", "long"],
)
def test_submission_id_is_shown_safely(submission_id: str, shown: str) -> None:
    """An id in a message is short, printable and on one line."""
    broken = put(make_envelope(), ("items", 3, "submissionId"), submission_id)
    broken["items"][3]["embedding"] = [1]
    assert error_of(broken) == (f'Expected 768-dim embeddings, got 1 (items[3], submissionId "{shown}")')


ZEROS = [0.0] * 768
NEARLY_ZEROS = [1e-10] * 768  # norm 2.8e-9
TINY = [1e-9] * 768  # norm 2.8e-8: not zero


def with_embeddings(*embeddings: list[Any]) -> dict[str, Any]:
    """Make an envelope whose first items have these embeddings."""
    envelope = make_envelope(15 if len(embeddings) < 15 else len(embeddings))
    for item, embedding in zip(envelope["items"], embeddings, strict=False):
        item["embedding"] = embedding
    return envelope


@pytest.mark.parametrize("zero", [ZEROS, NEARLY_ZEROS, [0] * 768, [-0.0] * 768, [5e-324] * 768])
def test_all_zero_vectors(zero: list[Any]) -> None:
    """A batch without a direction fails, however its zeros are spelled."""
    assert error_of(with_embeddings(*[zero] * 15)) == "All embeddings are zero vectors"


def test_too_few_left_after_zero_vectors() -> None:
    """Zero vectors do not count towards min_topic_size."""
    assert error_of(with_embeddings(*[ZEROS] * 6)) == ("After filtering zero vectors, only 9 items remain (need 15)")


@pytest.mark.parametrize(
    ("n_zero", "warning"),
    [
        (1, "1 of 20 embeddings is a zero vector, set aside: it counts as an outlier"),
        (3, "3 of 20 embeddings are zero vectors, set aside: they count as outliers"),
    ],
)
def test_zero_vectors_are_set_aside(n_zero: int, warning: str) -> None:
    """A few zero vectors are left out of what the engine gets, with a warning."""
    envelope = make_envelope(20)
    for position in range(4, 4 + n_zero):
        envelope["items"][position]["embedding"] = ZEROS
    batch = batch_of(envelope)
    kept = [position for position in range(20) if not 4 <= position < 4 + n_zero]
    assert batch.warnings == (warning,)
    assert batch.kept.tolist() == kept
    assert batch.texts == tuple(f"{SENTINEL_TEXT} {position}" for position in kept)
    assert batch.submission_ids == tuple(f"sub-{position}" for position in range(20))
    assert batch.embeddings.shape == (20 - n_zero, 768)
    assert batch.embeddings.flags.c_contiguous


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


@pytest.mark.parametrize(
    "embedding",
    [
        [1e300] * 768,
        [1.7e308] * 768,
        [-1e-5] * 768,
        TINY,
        [1] * 768,
        [10**308] * 768,
        [5e-324] * 767 + [3],
        [2**63] + [-1.5] * 767,
    ],
    ids=["1e300", "max", "1e-5", "tiny", "ints", "huge-ints", "denormal", "mixed"],
)
def test_any_norm_but_zero_is_normalised(embedding: list[Any]) -> None:
    """Embeddings of any scale come out as the float32 unit vector of their direction."""
    batch = batch_of(with_embeddings(embedding))
    largest = max(map(abs, embedding))
    scaled = np.array([number / largest for number in embedding])
    assert batch.embeddings.dtype == np.float32
    np.testing.assert_allclose(batch.embeddings[0], scaled / np.linalg.norm(scaled), atol=1e-7)
    np.testing.assert_allclose(np.linalg.norm(batch.embeddings, axis=1), 1.0, atol=1e-6)


def test_batch_holds_what_was_sent() -> None:
    """Ids, texts, order and correlation pass through unchanged."""
    batch = batch_of(make_envelope(16))
    assert batch.submission_ids == tuple(f"sub-{position}" for position in range(16))
    assert batch.texts == tuple(f"{SENTINEL_TEXT} {position}" for position in range(16))
    assert batch.kept.tolist() == list(range(16))
    assert batch.correlation == Correlation("job-1", "pipeline-1", "run-1")
    assert batch.params == TopicParams(min_cluster_size=15, n_topics=20)
    assert batch.warnings == ()


@pytest.mark.parametrize("text", [" ", "\u0000", "😀", "x" * 10_000_000, "\u202e"])
def test_texts_are_never_edited(text: str) -> None:
    """Any non-empty text passes as it came."""
    assert batch_of(put(make_envelope(), ("items", 0, "text"), text)).texts[0] == text


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
