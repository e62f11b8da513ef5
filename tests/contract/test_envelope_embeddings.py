"""Embeddings: packed ones, those of another length, zero vectors, and any other norm."""

import base64
from typing import Any

import numpy as np
import pytest

from tests.contract.envelopes import SENTINEL_TEXT, make_envelope
from tests.contract.reading import ZEROS, batch_of, error_of, put


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


@pytest.mark.parametrize("length", [0, 1, 512, 767, 769, 1536])
def test_embedding_of_another_length(length: int) -> None:
    """The first embedding of another length is named with its item."""
    broken = make_envelope()
    broken["items"][3]["embedding"] = [0.5] * length
    broken["items"][9]["embedding"] = [0.5] * 3
    assert error_of(broken) == (f'Expected 768-dim embeddings, got {length} (items[3], submissionId "sub-3")')


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
