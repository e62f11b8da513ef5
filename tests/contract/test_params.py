"""The parameters of a request: their ranges, and the engine's names for them."""

from typing import Any

import pytest

from tests.contract.envelopes import make_envelope
from tests.contract.reading import HUGE_INT, batch_of, error_of
from tests.contract.reference import MAXIMA, MINIMA
from worker.topics.fit import TopicParams


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
