"""The AsyncAPI document is one, says what the schema says, and the committed one is of today."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from tests.acceptance.envelopes import themed_envelope
from tests.acceptance.processes import NODE_PROJECT, PROJECT
from worker.cli.main import main
from worker.jobs.asyncapi import asyncapi, show_asyncapi
from worker.jobs.registry import KINDS, show_schema

DOCUMENT = asyncapi()
SCHEMA = json.loads(show_schema())
SPECIFICATION = NODE_PROJECT / "node_modules" / "@asyncapi" / "specs" / "schemas" / "3.0.0-without-$id.json"


def references(part: Any) -> Iterator[str]:
    """Give each `$ref`."""
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def test_what_is_committed_is_of_today(capsys: pytest.CaptureFixture[str]) -> None:
    """It is what `--schema asyncapi` prints, and `--schema` prints what it printed before."""
    committed = (PROJECT / "integration" / "asyncapi.json").read_text(encoding="utf-8")
    assert committed == show_asyncapi(), "run make integration"
    assert main(["--schema", "asyncapi"]) == 0
    assert capsys.readouterr().out == committed
    assert main(["--schema"]) == 0
    assert capsys.readouterr().out == show_schema()


def test_it_is_an_asyncapi_3_document() -> None:
    """By AsyncAPI's own schema, and every reference leads somewhere."""
    Draft7Validator(json.loads(SPECIFICATION.read_text(encoding="utf-8"))).validate(DOCUMENT)
    found = sorted(set(references(DOCUMENT)))
    assert found
    for reference in found:
        part: Any = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            part = part[step]
        assert part


def test_each_kind_of_job_is_received_and_answered() -> None:
    """By a message of its own, whose name is the envelope's `type`."""
    received = [operation for operation in DOCUMENT["operations"].values() if operation["action"] == "receive"]
    assert {message["name"] for message in DOCUMENT["components"]["messages"].values()} >= set(KINDS)
    assert len(received) == len(KINDS)
    assert all(operation["reply"]["messages"] for operation in received)


@pytest.mark.parametrize("dialect", [Draft7Validator, Draft202012Validator])
def test_its_schemas_are_those_of_the_schema(dialect: Any) -> None:
    """In the dialect that AsyncAPI takes for granted, too."""
    assert DOCUMENT["components"]["schemas"].keys() == SCHEMA["$defs"].keys()
    payload = DOCUMENT["components"]["messages"]["TopicModelRequest"]["payload"]
    dialect.check_schema(DOCUMENT["components"]["schemas"]["TopicModelRequest"])
    request = dialect({**payload, "components": DOCUMENT["components"]})
    envelope = themed_envelope(1, 1)
    assert request.is_valid(envelope)
    envelope["items"][0]["embedding"].pop()
    assert not request.is_valid(envelope)
