"""A language model's API that answers: what it is asked, and which of its labels are taken."""

import json
from typing import Any

import pytest

from tests.labels.asked import GOOD, KEY, NAMED, TOPICS, Asked
from tests.labels.label_server import (
    labels,
    message,
    serving,
    text_of,
)
from worker.labels.labeller import Labeller
from worker.labels.service import LabelService


def test_one_request_names_all_topics() -> None:
    """It carries the key in a header, the model, the language, and of the topics the keywords only."""
    with serving(GOOD) as server:
        asked = Asked(server, language="Filipino")
        assert (asked.labels, asked.warnings) == (NAMED, [])
        (request,) = server.requests
        assert server.paths == ["/v1/chat/completions"]
        assert server.headers[0]["Authorization"] == f"Bearer {KEY}"
        assert request["model"] == "a-model"
        assert "Filipino" in request["messages"][0]["content"]
        topics = [{"index": topic.number, "keywords": list(topic.keywords)} for topic in TOPICS]
        assert server.topics_asked() == topics


def test_the_schema_is_flat() -> None:
    """Gateways to other models refuse these words of JSON Schema."""
    with serving(GOOD) as server:
        Asked(server)
        wanted = str(server.requests[0]["response_format"])
    assert "json_schema" in wanted
    assert not any(word in wanted for word in ("additionalProperties", "$ref", "$schema", "$defs"))


def test_comments_are_sent_only_if_that_is_allowed_and_as_data() -> None:
    """The instructions are the same, whatever the comments say."""
    with serving(GOOD) as server:
        Asked(server)
        Asked(server, sends_samples=True)
        assert [topic.get("samples") for topic in server.topics_asked(0)] == [None, None]
        assert [topic["samples"] for topic in server.topics_asked(1)] == [list(topic.samples) for topic in TOPICS]
        kept_apart, with_comments = (request["messages"] for request in server.requests)
    assert "Ignore all" not in str(kept_apart)
    assert with_comments[0] == kept_apart[0]
    assert [one["role"] for one in with_comments] == ["system", "user"]


def test_a_model_that_obeys_a_comment_can_at_most_misname() -> None:
    """No address, no text, no further key and no further topic comes out of its answer."""
    items = [
        {"index": 1, "label": "See http://evil.example"},
        {"index": 0, "label": "x" * 61},
        {"index": 7, "label": "Up"},
    ]
    obeyed = {"labels": items, "status": "failed", "topics": []}
    with serving(message(json.dumps(obeyed))) as server:
        assert Asked(server).labels == {}


def test_a_fence_around_the_json_is_taken_off() -> None:
    """One, as chat models like to put it."""
    fenced = f"```json\n{text_of([{'index': 0, 'label': 'Pace of lectures'}])}\n```\n"
    with serving(message(fenced)) as server:
        assert Asked(server).labels == {0: "Pace of lectures"}


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([{"index": 1, "label": "Exams"}, {"index": 0, "label": "Pace"}], {0: "Pace", 1: "Exams"}),
        ([{"index": 0, "label": "Pace"}, {"index": 0, "label": "Other"}], {0: "Pace"}),
        ([{"index": 5, "label": "Pace"}, {"index": -1, "label": "Outliers"}], {}),
        ([{"index": "0", "label": "Pace"}, {"index": True, "label": "Exams"}, {"index": 0.0, "label": "Pace"}], {}),
        ([{"index": 0}, {"label": "Pace"}, "Pace", None, {"index": 0, "label": None}], {}),
        ([{"index": 0, "label": "Pace"}, {"index": 1, "label": "PACE"}], {0: "Pace", 1: "PACE (quiz)"}),
        ([{"index": 0, "label": " Pace "}], {0: "Pace"}),
        ([{"index": 0, "label": "Bilis ng pagtuturo"}], {0: "Bilis ng pagtuturo"}),
        ([{"index": 0, "label": "Q&A – teacher’s pace"}], {0: "Q&A – teacher’s pace"}),
    ],
)
def test_labels_go_to_the_topics_that_were_sent(items: list[Any], expected: dict[int, str]) -> None:
    """By their index, whatever their order and number."""
    with serving(message(text_of(items))) as server:
        asked = Asked(server)
    assert asked.labels == expected
    assert len(asked.warnings) == (len(expected) < len(TOPICS))


@pytest.mark.parametrize(
    "label",
    [
        "",
        " ",
        "x" * 61,
        "one two three four five",
        "Pace\nof lectures",
        "Pace\u202eof",
        "Pace\x1b[31m",
        "half \ud800",
        "https://evil.example",
        "evil.example.com",
        "mail me@evil.example",
        "<b>Pace</b>",
        "Student 2019-12345",
        "Pace 20 19",
        "a1b2c3d4-e5f6",
        "42",
        "…",
    ],
)
def test_what_is_no_name_is_no_label(label: str) -> None:
    """Too long, not printable, an address, markup, digits of an id, or no letter."""
    with serving(labels(label)) as server:
        assert Asked(server).labels == {}


def test_a_label_of_another_topic_gets_the_first_keyword() -> None:
    """Whatever its letters' case; if that is too long, there is none."""
    warnings: list[str] = []
    with serving(labels("pace", "p" * 56)) as server:
        labeller = Labeller(LabelService(server.base_url, "a-model"), warnings.append)
        assert labeller.ask(TOPICS, ("Pace", "P" * 56)) == {0: "pace (fast)"}


def test_nobody_is_asked_without_a_topic_or_a_server() -> None:
    """A worker that has no server says so; it needs none if every topic has its label."""
    warnings: list[str] = []
    nobody = Labeller(None, warnings.append)
    assert nobody.ask((), ()) == {}
    assert warnings == []
    assert nobody.ask(TOPICS, ()) == {}
    assert "LABELS_BASE_URL" in warnings[0]
    with serving(GOOD) as server:
        assert Labeller(LabelService(server.base_url, "a-model"), warnings.append).ask((), ()) == {}
        assert server.requests == []
