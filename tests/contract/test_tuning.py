"""The envelope and the result of `topic-model.tune`."""

from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest

from tests.contract.envelopes import make_envelope
from worker.contract.envelope import Rejection
from worker.contract.schema import as_schema, definitions
from worker.contract.tuning_envelope import Tuning, read_tuning
from worker.contract.tuning_result import tuned
from worker.contract.tuning_schema import tune_definitions
from worker.topics.fit import NoTopics, TopicMetrics
from worker.topics.trials import Quality, Trial, Tuned

NOW = datetime(2026, 3, 21, 10, 35, tzinfo=UTC)


def envelope(**params: Any) -> dict[str, Any]:
    """Make the envelope of a search."""
    return make_envelope(20) | {"type": "topic-model.tune", "params": params}


def is_valid(name: str, value: object) -> bool:
    """Tell whether the JSON Schema takes a value."""
    schema = as_schema({**definitions(), **tune_definitions()}) | {"$ref": f"#/$defs/{name}"}
    return bool(jsonschema.Draft202012Validator(schema).is_valid(value))


def test_a_grid_is_read_in_the_order_of_the_settings() -> None:
    """By the engine's names, each value once; without one the worker searches by itself."""
    data = envelope(grid={"min_topic_size": [10, 20.0, 10], "nr_topics": [5]}, umap_n_neighbors=10)
    found = read_tuning(data)
    assert isinstance(found, Tuning)
    assert list(found.grid.items()) == [("n_topics", (5,)), ("min_cluster_size", (10, 20))]
    assert found.batch.params.n_neighbors == 10
    assert is_valid("TopicModelTuneRequest", data)
    for none in (envelope(), envelope(grid=None)):
        found = read_tuning(none)
        assert isinstance(found, Tuning)
        assert found.grid == {}
        assert is_valid("TopicModelTuneRequest", none)


@pytest.mark.parametrize(
    ("grid", "flaw"),
    [
        ({}, "must be an object with some of nr_topics, "),
        ([5], "must be an object with some of nr_topics, "),
        ({"topics": [5]}, "must be an object with some of nr_topics, "),
        ({"nr_topics": []}, "nr_topics: must be an array of 1 to 20 integers"),
        ({"nr_topics": 5}, "nr_topics: must be an array of 1 to 20 integers"),
        ({"nr_topics": [None]}, "nr_topics: must be an array of 1 to 20 integers"),
        ({"nr_topics": list(range(1, 22))}, "nr_topics: must be an array of 1 to 20 integers"),
        ({"nr_topics": [0]}, "nr_topics: must be an integer of at least 1"),
        ({"min_topic_size": ["5"]}, "min_topic_size: must be an integer of at least 2"),
        ({"umap_n_neighbors": [201]}, "umap_n_neighbors: must be at most 200"),
        (
            {"nr_topics": list(range(1, 14)), "min_topic_size": list(range(2, 7))},
            "asks for 65 trials, all values with all: at most 64",
        ),
    ],
)
def test_a_grid_against_the_rules(grid: object, flaw: str) -> None:
    """One line says what is wrong; the schema says so too, but for the number of trials."""
    found = read_tuning(envelope(grid=grid))
    assert isinstance(found, Rejection)
    assert found.error.startswith(f"Invalid envelope: params.grid: {flaw}")
    assert is_valid("TopicModelTuneRequest", envelope(grid=grid)) == ("trials" in flaw)


def test_what_is_of_no_use_is_ignored_with_a_warning() -> None:
    """A search keeps no model and continues no topics."""
    found = read_tuning(envelope() | {"previous": "job-1", "model": {"tenant": "campus-3"}})
    assert isinstance(found, Tuning)
    assert [warning.split(" is ignored")[0] for warning in found.warnings] == ["previous", "model"]


def test_the_result_names_settings_as_a_request_does() -> None:
    """Each trial with its metrics, or why it has none; nothing is advised if the default stays."""
    request = read_tuning(envelope())
    assert isinstance(request, Tuning)
    good = Quality(TopicMetrics(0.1, 0.9, 0.25, 0.2, 0.3), 5, 0.2, 0.6, (0.9, 0.9))
    poor = Quality(TopicMetrics(0.1, 0.9, 0.25, 0.2, 0.3), 5, 0.5, 0.6, (0.5, 0.5))
    in_force = {"n_topics": 20, "min_cluster_size": 15}
    trials = [Trial({}, in_force, poor), Trial({"n_topics": 5}, in_force, good)]
    failed = Trial({"min_cluster_size": 90}, in_force, NoTopics.NO_CLUSTERS)
    document: Any = tuned(request.batch, Tuned((*trials, failed)), now=NOW)
    assert is_valid("TopicModelTuneResult", document)
    assert document["trials"][0]["excluded"] == "one topic has 50% of the comments"
    assert document["trials"][1]["metrics"]["outlier_ratio"] == 0.25
    assert document["trials"][2]["error"] == "BERTopic produced 0 topics"
    assert document["best"] == {
        "trial": 1,
        "params": {"nr_topics": 5},
        "beatsDefault": True,
        "gain": 0.24,
        "noise": 0.01,
    }
    assert document["advised"] == {"nr_topics": 5}
    stays: Any = tuned(
        request.batch, Tuned((Trial({}, in_force, good), Trial({"n_topics": 5}, in_force, good))), now=NOW
    )
    assert (stays["best"]["trial"], stays["advised"]) == (0, {})
    assert is_valid("TopicModelTuneResult", stays)
