"""Every rule of an item's fields, row by row."""

import base64

import numpy as np
import pytest

from tests.contract.envelopes import make_envelope, make_item
from tests.contract.reading import ABSENT, HUGE_INT, batch_of, error_of, put

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


@pytest.mark.parametrize("value", [None, 1, "item", [], True])
def test_item_must_be_an_object(value: object) -> None:
    """An item of another type is named."""
    broken = put(make_envelope(), ("items", 2), value)
    assert error_of(broken) == "Invalid envelope: items[2]: must be an object"


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


def test_duplicate_submission_id_is_refused() -> None:
    """A second use of an id is named with the place of the first."""
    broken = put(make_envelope(), ("items", 7, "submissionId"), "sub-2")
    assert error_of(broken) == ("Invalid envelope: items[7].submissionId: is already that of items[2]")


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


@pytest.mark.parametrize("text", [" ", "\u0000", "😀", "x" * 10_000_000, "\u202e"])
def test_texts_are_never_edited(text: str) -> None:
    """Any non-empty text passes as it came."""
    assert batch_of(put(make_envelope(), ("items", 0, "text"), text)).texts[0] == text
