"""Reading an envelope ends soon, whichever of its lists or objects is enormous."""

import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import pytest

from tests.contract.envelopes import make_envelope
from worker.contract import items, rejection_text
from worker.contract.envelope import Rejection, read_envelope
from worker.contract.item import MOST_NUMBERS_READ

# Instead of the 100,000 flaws that are enough for the worker, which take seconds to make.
ENOUGH_FLAWS = 5_000
N = 4 * ENOUGH_FLAWS
N_IGNORED = 100_000


@pytest.fixture
def few_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """End the reading sooner than the worker does, at the same places."""
    for module in (rejection_text, items):
        monkeypatch.setattr(module, "ENOUGH_FLAWS", ENOUGH_FLAWS)


class _Counted(list[Any]):
    """A list that counts how many of its entries were looked at by a Python loop."""

    n_seen = 0

    def __iter__(self) -> Iterator[Any]:
        for value in super().__iter__():
            self.n_seen += 1
            yield value


def error_of(data: object) -> str:
    """Expect a rejection, and give its message."""
    outcome = read_envelope(data)
    assert isinstance(outcome, Rejection)
    return outcome.error


@pytest.mark.parametrize(
    "item",
    [
        None,
        {},
        [],
        {"submissionId": "same", "text": "text", "embedding": [1.0]},
    ],
    ids=["null", "empty object", "array", "one id"],
)
def test_enough_flaws_end_the_reading(item: object, few_are_enough: None) -> None:
    """What is left is not read, and the message says that there may be more."""
    items = _Counted([item] * N)
    error = error_of({"items": items})
    assert "; … and at least " in error
    assert items.n_seen <= 3 * ENOUGH_FLAWS + 2


def test_enough_rows_of_another_length_end_the_reading(few_are_enough: None) -> None:
    """They break no rule one by one, so the first is told; the number of items is still the envelope's."""
    items = _Counted({"submissionId": str(position), "text": "text", "embedding": []} for position in range(N))
    assert error_of({"items": items}).startswith("Expected 768-dim embeddings, got 0 (items[0]")
    assert items.n_seen <= 3 * ENOUGH_FLAWS + 2
    assert error_of({"items": items, "params": {"min_topic_size": 10**9}}).startswith(f"Received {N} items, need")


def test_a_row_much_too_long_is_not_converted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its length is told; its numbers take neither time nor memory."""
    long = [0.5] * (MOST_NUMBERS_READ + 1)
    envelope = make_envelope(20)
    envelope["items"][3]["embedding"] = long
    lengths = _lengths_converted(monkeypatch)
    assert error_of(envelope).startswith(f"Expected 768-dim embeddings, got {len(long)} (items[3]")
    assert set(lengths) == {768}


def _lengths_converted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    from worker.contract import item

    lengths: list[int] = []
    convert = item.finite_row

    def counted(numbers: list[object]) -> Any:
        lengths.append(len(numbers))
        return convert(numbers)

    monkeypatch.setattr(item, "finite_row", counted)
    return lengths


@pytest.mark.parametrize(
    "damage",
    [
        lambda envelope: envelope.update({f"key {i}": None for i in range(N_IGNORED)}),
        lambda envelope: envelope["items"][0].update({f"key {i}": None for i in range(N_IGNORED)}),
        lambda envelope: envelope.update(params={f"key {i}": None for i in range(N_IGNORED)}),
        lambda envelope: envelope.update(metadata={f"key {i}": None for i in range(N_IGNORED)}),
        lambda envelope: envelope.update(params={"aspects": {f"key {i}": ["seed"] for i in range(N_IGNORED)}}),
        lambda envelope: envelope.update(params={"aspects": {"lab": ["seed"] * N_IGNORED}}),
        lambda envelope: envelope.update(params={"aspects": {"lab": [" " * N_IGNORED + "beaker"]}}),
    ],
    ids=["envelope", "item", "params", "metadata", "aspects", "seeds", "seed"],
)
def test_what_is_ignored_or_refused_is_not_gone_through(damage: Callable[[dict[str, Any]], None]) -> None:
    """No line of Python runs for each of the many keys, seeds or letters."""
    envelope = make_envelope(20)
    damage(envelope)
    assert _lines_run(lambda: read_envelope(envelope)) < N_IGNORED / 10


def _lines_run(act: Callable[[], object]) -> int:
    n_lines = 0

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal n_lines
        n_lines += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        act()
    finally:
        sys.settrace(before)
    return n_lines
