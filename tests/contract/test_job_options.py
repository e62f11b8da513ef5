"""Options that would keep a failed attempt from being recorded."""

from typing import Any

import pytest

from worker.queue.job_options import BACKOFF_MS, replace_unusable_options


@pytest.mark.parametrize(
    ("given", "attempts", "backoff"),
    [
        ({"attempts": 3, "backoff": {"type": "exponential", "delay": 5000}}, 3, {"type": "exponential", "delay": 5000}),
        ({"attempts": 3, "backoff": {"type": "fixed", "delay": 0}}, 3, {"type": "fixed", "delay": 0}),
        ({"attempts": 1, "backoff": None}, 1, None),
        ({"attempts": 0}, 1, None),
        ({}, 1, None),
    ],
)
def test_what_the_library_can_carry_out_stays(given: dict[str, Any], attempts: int, backoff: object) -> None:
    """Nothing is replaced."""
    assert replace_unusable_options(given) == []
    assert (given["attempts"], given["backoff"]) == (attempts, backoff)


@pytest.mark.parametrize(
    ("given", "attempts", "backoff"),
    [
        ({"backoff": {"type": "custom"}, "attempts": 3}, 3, {"type": "fixed", "delay": BACKOFF_MS}),
        ({"backoff": {"type": "custom", "delay": "70"}, "attempts": 3}, 3, {"type": "fixed", "delay": 70}),
        ({"backoff": {"type": "exponential"}, "attempts": 3}, 3, {"type": "fixed", "delay": BACKOFF_MS}),
        ({"backoff": 250, "attempts": 2}, 2, {"type": "fixed", "delay": 250}),
        ({"backoff": "soon", "attempts": 2}, 2, {"type": "fixed", "delay": BACKOFF_MS}),
        ({"attempts": "3"}, 3, None),
        ({"attempts": None}, 1, None),
        ({"attempts": float("nan")}, 1, None),
        ({"attempts": False}, 1, None),
        ({"attempts": -1}, 1, None),
        ({"attempts": [3]}, 1, None),
    ],
)
def test_what_it_cannot_carry_out_is_replaced(given: dict[str, Any], attempts: int, backoff: object) -> None:
    """Numbers are read as Node compares with them; a backoff that only its producer knows becomes a fixed one."""
    assert replace_unusable_options(given)
    assert (given["attempts"], given["backoff"]) == (attempts, backoff)
    assert replace_unusable_options(given) == []


@pytest.mark.parametrize("name", ["removeOnComplete", "removeOnFail"])
@pytest.mark.parametrize(
    ("given", "usable"),
    [
        (True, True),
        (None, None),
        (100, 100),
        ({"age": 3600, "count": 10}, {"age": 3600, "count": 10}),
        ({"age": 10**30}, False),
        ({"count": "many"}, False),
        ([], False),
        (float("inf"), False),
    ],
)
def test_what_cannot_be_kept_as_asked_is_kept_for_ever(name: str, given: object, usable: object) -> None:
    """A number that BullMQ's script cannot be sent would keep a finished job from being recorded."""
    options = {name: given}
    assert replace_unusable_options(options) == ([] if given == usable else [name])
    assert options[name] == usable
