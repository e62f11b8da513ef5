"""What the worker's start says of the store."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from worker.errors import ConfigurationError
from worker.operations.model_store import look_at_model_store
from worker.settings import Settings


def told(**environment: str) -> list[tuple[str, str]]:
    """Give level and event of each line."""
    with capture_logs() as lines:
        look_at_model_store(Settings.from_environment(environment))
    assert all(line["hint"] and Path(line["path"]).is_absolute() for line in lines)
    return [(line["log_level"], line["event"]) for line in lines]


def test_only_who_sets_a_folder_is_warned() -> None:
    """The default is said, for whoever looks for the models; a store that all workers reach needs no word."""
    assert told() == [("info", "model_store_is_a_folder")]
    assert told(MODEL_STORE="/srv/models") == [("warning", "model_store_is_a_folder")]
    assert told(MODEL_STORE="s3://bucket/models") == []


def test_a_missing_package_ends_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather than each job that keeps a model."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match=r"install topic-model-worker\[s3\]"):
        told(MODEL_STORE="s3://bucket/models")
