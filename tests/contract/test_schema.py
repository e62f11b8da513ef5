"""The JSON Schema that `--schema` prints says what the worker itself takes and gives."""

import base64
import copy
import json
import struct
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.acceptance.envelopes import themed_envelope
from tests.contract.reference import MAXIMA, MINIMA
from tests.effort import effort
from worker.contract.envelope import Batch, read_envelope
from worker.contract.result import failed
from worker.jobs.registry import show_schema

SCHEMA = json.loads(show_schema())
ENVELOPE = themed_envelope(5, 4)


def validator(definition: str) -> Draft202012Validator:
    """Hold documents against one definition."""
    Draft202012Validator.check_schema(SCHEMA)
    return Draft202012Validator({"$ref": f"#/$defs/{definition}", "$defs": SCHEMA["$defs"]})


REQUEST, RESULT = validator("TopicModelRequest"), validator("TopicModelResult")

ONES = base64.b64encode(struct.pack("<768f", *[1.0] * 768)).decode()

# What may stand anywhere in an envelope. No text that is blank, and so unlike to a regular expression and to Python.
values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 40),
    st.sampled_from([100, 101, 200, 201, 1000, 1001]),
    st.sampled_from([0.0, 1.0, 15.0, 15.5, -1.0, 2.5, 200.0, 201.0, 1e300, 10**30]),
    st.sampled_from(["", "topic-model", "1", "1.0", "1.7.3", "2.0", "10", "word"]),
    st.just([]),
    st.just({}),
    st.lists(st.sampled_from(["word", "two words", "", 3, None, "x" * 101]), max_size=3),
    st.dictionaries(st.sampled_from(["exam", "x" * 101, "pace"]), st.lists(st.just("word"), max_size=2), max_size=2),
    st.just([0.25] * 768),
    st.just([0.25] * 767),
    st.just([1] * 768),
    st.just([0.25] * 767 + ["1"]),
    st.just([0.25] * 767 + [True]),
    st.sampled_from(["A" * 4096, ONES, ONES[:-1] + "-", ONES[:-4], ONES + ONES[:16]]),
)
PARAMS = sorted(SCHEMA["$defs"]["Params"]["properties"])
places = st.one_of(
    st.sampled_from([("version",), ("type",), ("params",), ("previous",), ("items",), ("somethingElse",), ("model",)]),
    st.tuples(st.just("model"), st.sampled_from(["tenant", "version"])),
    st.tuples(st.just("params"), st.sampled_from(PARAMS)),
    st.tuples(st.just("items"), st.integers(0, 19)),
    st.tuples(st.just("items"), st.integers(0, 19), st.sampled_from(["submissionId", "text", "embedding", "other"])),
)


@pytest.mark.slow
@pytest.mark.soak
@settings(max_examples=effort(150, soak=2_000), deadline=None, derandomize=True, database=None)
@given(place=places, value=values, is_left_out=st.booleans())
def test_the_schema_takes_what_the_worker_takes(place: tuple[Any, ...], value: Any, is_left_out: bool) -> None:
    """A sound envelope with one value replaced or left out: both take it, or both refuse it."""
    envelope = copy.deepcopy(ENVELOPE) | {"params": {}, "model": {"tenant": "campus-3"}}
    *path, last = place
    parent: Any = envelope
    for step in path:
        parent = parent[step]
    if is_left_out:
        if isinstance(parent, dict):
            parent.pop(last, None)
    else:
        parent[last] = value
    outcome = read_envelope(envelope)
    if outcome_of_what_no_schema_says(outcome):
        return
    assert REQUEST.is_valid(shortened(envelope)) == isinstance(outcome, Batch), outcome


def shortened(envelope: dict[str, Any]) -> dict[str, Any]:
    """Leave out items that are as they were, but for the first: a validator in Python takes 5 ms for each."""
    items = envelope.get("items")
    sound = ENVELOPE["items"]
    if not isinstance(items, list) or len(items) != len(sound):
        return envelope
    return envelope | {"items": [item for i, item in enumerate(items) if i == 0 or item != sound[i]]}


def outcome_of_what_no_schema_says(outcome: object) -> bool:
    """Tell the rules that the request's description lists: too few items, ids that are not unique."""
    error = getattr(outcome, "error", "")
    return "need at least" in error or "(need " in error or "is already that of" in error


@pytest.mark.parametrize("name", sorted(MINIMA))
def test_the_schema_bounds_each_count(name: str) -> None:
    """The least and the largest count are taken, and what is one beyond is not; the size of a topic has no largest."""
    least, largest = MINIMA[name], MAXIMA.get(name, 10**9)

    def is_taken(value: int) -> bool:
        return REQUEST.is_valid({"items": [], "params": {name: value}})

    assert [is_taken(value) for value in (least - 1, least, largest)] == [False, True, True]
    assert is_taken(largest + 1) == (name not in MAXIMA)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("topics", 0, "docCount"), 0),
        (("topics", 0, "keywords"), []),
        (("topics", 0, "keywords"), ["word"] * 11),
        (("topics", 0, "surprise"), 1),
        (("assignments", 0, "probability"), 1.5),
        (("metrics", "npmi_coherence"), None),
        (("status",), "failed"),
        (("completedAt",), "2026-03-21T10:35:00+01:00"),
        (("error",), "a line"),
    ],
)
def test_the_schema_refuses_what_is_no_result(path: tuple[Any, ...], value: object) -> None:
    """The contract's own example passes, and no longer with one flaw."""
    example: dict[str, Any] = {
        "version": "1.0.0",
        "status": "completed",
        "topics": [{"topicIndex": 0, "rawLabel": "0_fast", "keywords": ["fast"], "docCount": 1}],
        "assignments": [{"submissionId": "a", "topicIndex": 0, "probability": 0.7234}],
        "metrics": dict.fromkeys(sorted(SCHEMA["$defs"]["Metrics"]["required"]), 0.5),
        "outlierCount": 12,
        "completedAt": "2026-03-21T10:35:00.000Z",
    }
    RESULT.validate(example)
    parent: Any = example
    for step in path[:-1]:
        parent = parent[step]
    parent[path[-1]] = value
    assert not RESULT.is_valid(example)


def test_a_failure_is_a_result() -> None:
    """With exactly its four fields."""
    document = failed("BERTopic produced 0 topics", now=datetime(2026, 3, 21, tzinfo=UTC))
    RESULT.validate(document)
    assert not RESULT.is_valid(document | {"topics": []})


def test_it_is_printed_at_once() -> None:
    """Without torch, BERTopic or Redis being imported."""
    lines = "import sys\nfrom worker.cli.main import main\ncode = main(['--schema'])\n"
    check = (
        "heavy = {'torch', 'bertopic', 'bullmq', 'redis'} & set(sys.modules)\nsys.exit(f'{heavy}' if heavy else code)"
    )
    run = subprocess.run([sys.executable, "-c", lines + check], capture_output=True, text=True, check=True)
    assert json.loads(run.stdout) == SCHEMA
