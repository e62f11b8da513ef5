"""Broken envelopes by the ten thousand: each completes or fails by the contract.

Three generators: a wrong value at every place there is (a full table), seeded mutations
of a sound envelope, and Hypothesis; plus mutated JSON text for what only a spelling can
carry (1e999, NaN, escaped half surrogates). `reference.expected_start` says independently
what each must give.
"""

import base64
import json
import random
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.envelopes import SENTINEL_NUMBER, SENTINEL_TEXT, make_envelope, make_fit
from tests.contract.reference import MINIMA, expected_start
from tests.effort import effort
from worker.contract.envelope import Batch, Rejection, read_envelope
from worker.contract.result import completed, failed

NOW = datetime(2026, 3, 21, tzinfo=UTC)
N_ITEMS = 16
N_MUTANTS_PER_SEED = effort(700, soak=10_000)
SEEDS = range(6)
N_HYPOTHESIS = effort(350, soak=5_000)

Path = tuple[str | int, ...]

MODEL = {"tenant": "campus-3", "version": "20260321_103500"}
SOUND = make_envelope(N_ITEMS, model=MODEL, params={**MINIMA, "min_topic_size": 15, "reduce_outliers": True})

LONG_TEXT = "x" * 100_000
DEEP: Any = []
for _ in range(5_000):
    DEEP = [DEEP] if _ % 2 else {"items": DEEP, "params": DEEP}

NASTY: list[Any] = [
    None, True, False, 0, 1, -1, 2, 15, 16, 17, 2**31, 2**63, -(2**63),
    10**308, 10**400, -(10**400),
    0.0, -0.0, 0.5, 15.0, 16.5, 1e-320, 5e-324, 1e300, -1.7e308, 1e30,
    float("nan"), float("inf"), float("-inf"),
    "", " ", "0", "15", "1.0", "2.0", "1", "NaN", "topic-model", "null", "\x00", "A", "-a", "a" * 64,
    "20260230_103500", "20260321_103500_2", "20260321_103500_0",
    "\ud800", "a\udfff", "😀", "\u2028", SENTINEL_TEXT, LONG_TEXT,
    [], {}, [None], [[]], [0.5], [True] * 768, ["0.1"] * 768, [0] * 768, [1] * 768, [0.5] * 767,
    *(base64.b64encode(struct.pack("<f", 0.5) * n).decode() for n in (1, 767, 768, 769, 5_000)),
    "A" * 4096, "/" * 4096, "A" * 4095 + "=", "A" * 4094 + "==", "A" * 4095,
    [0.5] * 769, [1e300] * 768, [1e-10] * 768, [float("nan")] * 768,
    {"": None}, {"\ud800": "\ud800"},
    {"0": 0.5}, {"items": []}, DEEP,
]  # fmt: skip


def judge(data: Any) -> str:
    """Check what `data` gives against the reference and every promise; give the error or ""."""
    outcome = read_envelope(data)
    expected = expected_start(data)
    if isinstance(outcome, Rejection):
        assert expected, f"refused a sound envelope: {outcome.error}"
        assert outcome.error.startswith(expected)
        _check_error(outcome.error)
        document = failed(outcome.error, now=NOW)
    else:
        assert not expected, f"took an envelope that must fail with {expected!r}"
        _check_batch(outcome, data)
        document = completed(outcome, make_fit(outcome), now=NOW)
    json.dumps(document, allow_nan=False, ensure_ascii=False).encode("utf-8")
    assert not _holds_null(document)
    return outcome.error if isinstance(outcome, Rejection) else ""


def _holds_null(value: Any) -> bool:
    if isinstance(value, dict | list):
        return any(map(_holds_null, value.values() if isinstance(value, dict) else value))
    return value is None


def _check_error(error: str) -> None:
    assert len(error) <= 1000
    assert error.isprintable()
    assert SENTINEL_TEXT not in error
    assert str(SENTINEL_NUMBER) not in error
    if error.startswith("Invalid envelope: "):
        assert 1 <= len(error.removeprefix("Invalid envelope: ").split("; ")) <= 6


def _check_batch(batch: Batch, data: Any) -> None:
    n_items, n_kept = len(data["items"]), len(batch.kept)
    assert batch.submission_ids == tuple(item["submissionId"] for item in data["items"])
    assert batch.texts == tuple(data["items"][position]["text"] for position in batch.kept)
    assert (np.diff(batch.kept) > 0).all()
    assert batch.embeddings.shape == (n_kept, 768)
    assert batch.embeddings.dtype == np.float32
    assert batch.embeddings.flags.c_contiguous
    np.testing.assert_allclose(np.linalg.norm(batch.embeddings, axis=1), 1.0, atol=1e-5)
    assert len(batch.warnings) == (n_kept < n_items)
    counts = vars(batch.params) | {"stop_words": None, "second_topic": None}
    assert all(count is None or 0 <= count < 2**31 for count in counts.values())
    assert all(type(word) is str for word in batch.params.stop_words)


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every place in the sound envelope; of the embeddings only some entries."""
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*path, key))
    elif isinstance(value, list):
        shown = range(len(value)) if len(value) < 100 else (0, 1, 383, 767)
        for index in shown:
            yield from places(value[index], (*path, index))


ALL_PLACES = list(places(SOUND))


def replaced(value: Any, path: Path, change: Any) -> Any:
    """A copy of `value` with `change(old)` at `path`; what is beside the path is shared."""
    if not path:
        return change(value)
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(copy[path[0]], path[1:], change)
    return copy


# Places that differ only in the item's number break alike: items 0 and 15 stand for all.
TABLE_PLACES = [path for path in ALL_PLACES if path[:1] != ("items",) or path[1:2] in ((), (0,), (15,))]


@pytest.mark.parametrize("path", TABLE_PLACES, ids=lambda path: ".".join(map(str, path)) or "data")
def test_a_wrong_value_at_every_place(path: Path) -> None:
    """Each nasty value at each place gives what the contract says."""
    for nasty in NASTY:
        judge(replaced(SOUND, path, lambda _, nasty=nasty: nasty))


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize("seed", SEEDS)
def test_mutants(seed: int) -> None:
    """One to four random mutations give what the contract says, whatever they hit."""
    rng = random.Random(seed)
    refused = 0
    for _ in range(N_MUTANTS_PER_SEED):
        refused += bool(judge(_mutant(rng)))
    # Were all mutants refused (or none), the other half would go untested.
    assert 0.3 < refused / N_MUTANTS_PER_SEED < 0.95


def _mutant(rng: random.Random) -> Any:
    data: Any = SOUND
    for _ in range(rng.choice([1, 1, 1, 2, 2, 3, 4])):
        path = rng.choice(TABLE_PLACES if rng.random() < 0.5 else ALL_PLACES)
        mutation = rng.choice(MUTATIONS)
        try:
            data = replaced(data, path, lambda old, mutation=mutation: mutation(rng, old))
        except (LookupError, TypeError, ValueError, OverflowError):
            continue  # an earlier mutation has removed this place, or made it too large
    return data


def _another_value(rng: random.Random, old: Any) -> Any:
    del old
    return rng.choice(NASTY)


def _another_of_its_type(rng: random.Random, old: Any) -> Any:
    return rng.choice([value for value in NASTY if type(value) is type(old)] or [old])


def _one_key_less(rng: random.Random, old: Any) -> Any:
    if isinstance(old, dict) and old:
        gone = rng.choice(list(old))
        return {key: value for key, value in old.items() if key != gone}
    return old[:-1] if isinstance(old, list | str) else old


def _one_more(rng: random.Random, old: Any) -> Any:
    if isinstance(old, dict):
        return {**old, rng.choice(["extra", "", "\ud800", "Items", "text "]): rng.choice(NASTY)}
    if isinstance(old, list) and old:
        return [*old, rng.choice([old[0], old[-1], rng.choice(NASTY)])]
    return old


def _shuffled(rng: random.Random, old: Any) -> Any:
    if isinstance(old, dict):
        return dict(rng.sample(list(old.items()), len(old)))
    return rng.sample(old, len(old)) if isinstance(old, list) else old


def _scaled(rng: random.Random, old: Any) -> Any:
    factor = rng.choice([0, -1, 1e-300, 1e-10, 1e-5, 1e3, 1e300, 1e308])
    if isinstance(old, float | int) and not isinstance(old, bool):
        return old * factor
    if isinstance(old, list) and all(isinstance(number, float) for number in old):
        return [number * factor for number in old]
    return old


MUTATIONS = [
    _another_value,
    _another_of_its_type,
    _one_key_less,
    _one_more,
    _shuffled,
    _shuffled,
    _scaled,
    _scaled,
]

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=[]), max_size=20)
    | st.sampled_from([value for value in NASTY if value is not LONG_TEXT and value is not DEEP]),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(
            st.sampled_from(["items", "params", "text", "embedding", "submissionId", "version"])
            | st.text(st.characters(exclude_categories=[]), max_size=5),
            inner,
            max_size=5,
        )
    ),
    max_leaves=15,
)

fuzzed = settings(
    max_examples=N_HYPOTHESIS,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.slow
@pytest.mark.soak
@fuzzed
@given(data=json_values)
def test_any_json_value(data: Any) -> None:
    """Any JSON value at all is judged without an exception."""
    judge(data)


@pytest.mark.slow
@pytest.mark.soak
@fuzzed
@given(path=st.sampled_from(ALL_PLACES), value=json_values)
def test_any_json_value_at_any_place(path: Path, value: Any) -> None:
    """Any JSON value at any place of a sound envelope gives what the contract says."""
    judge(replaced(SOUND, path, lambda _: value))


@pytest.mark.slow
@pytest.mark.soak
@fuzzed
@given(
    row=st.lists(
        st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**70), 2**70),
        min_size=1,
        max_size=8,
    )
)
def test_any_finite_embedding(row: list[float]) -> None:
    """Any finite numbers are an embedding, whatever their scale."""
    embedding = (row * 768)[:768]
    judge(replaced(SOUND, ("items", 3, "embedding"), lambda _: embedding))


SPELLINGS = [
    "1e999", "-1e999", "1e-999", "NaN", "Infinity", "-Infinity", "null", "true", '"1"',
    "[]", "{}",
    "1" + "0" * 400, "0." + "0" * 400 + "1", '"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"',
    "-0", "1E0", "[" * 500 + "]" * 500,
]  # fmt: skip


# Numbers of four decimals: the text of each is read so often that long ones would take seconds.
SHORT = SOUND | {
    "items": [
        item | {"embedding": [SENTINEL_NUMBER, *(round(number, 4) for number in item["embedding"][1:])]}
        for item in SOUND["items"]
    ]
}


@pytest.mark.slow
@pytest.mark.parametrize("path", TABLE_PLACES, ids=lambda path: ".".join(map(str, path)) or "data")
def test_values_as_json_spells_them(path: Path) -> None:
    """Spellings that only JSON text can carry are judged like their values, at every place."""
    marker = "@@here@@"
    before, after = json.dumps(replaced(SHORT, path, lambda _: marker)).split(f'"{marker}"')
    for spelling in SPELLINGS:
        judge(json.loads(before + spelling + after))
