"""A store with two versions of a small model, made without an engine; and pages, run by Streamlit's own AppTest."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.models.made_up import Comments, first_model
from worker.contract.sealed_result import to_bytes
from worker.lifecycle.keeping import OUTCOME
from worker.models.model import KeptModel
from worker.models.model_file import to_files
from worker.store.store import ModelStore

TENANT = "campus-3"
DRIFT = {
    "level": "HIGH",
    "enough": True,
    "pValue": 0.0,
    "excessVariation": 0.3,
    "outlierExcess": 0.0,
    "shift": 0.0,
    "moved": [1],
}


@pytest.fixture(autouse=True)
def _main(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put back the main module, which Streamlit replaces by the page: a process that is spawned later would run it."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture(scope="module")
def comments() -> Comments:
    """Give comments of six themes."""
    return Comments(20)


@pytest.fixture
def store(comments: Comments, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelStore:
    """Keep a model of four topics, and one made from it: topic 1 has grown, 2 is part of 0, 7 is born."""
    monkeypatch.setenv("MODEL_STORE", str(tmp_path / "models"))
    monkeypatch.setenv("DEVICE", "cpu")
    for name in ("REDIS_URL", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    kept = ModelStore(str(tmp_path / "models"))
    before = first_model(comments, comments.rows(0, 1, 2, 3))
    first = keep(kept, before, {}, None)
    one, two, _, four = before.topics
    seven = replace(four, number=7, raw_label="7_new", label="Fair <b>grading</b>", part_sums=-four.part_sums)
    topics = (one, replace(two, n=two.n + 60), four, seven)
    keep(kept, replace(before, topics=topics, redirects={2: 0}, highest=7), {"drift": DRIFT}, first)
    return kept


def keep(store: ModelStore, model: KeptModel, result: dict[str, Any], parent: str | None) -> str:
    """Write a version and make it active."""
    files, details = to_files(model)
    outcome = to_bytes({"assignments": [], **result})
    version = store.write(TENANT, {**files, OUTCOME: outcome}, details, parent=parent)
    store.activate_by_hand(TENANT, version)
    return version


@pytest.fixture
def app() -> Callable[[str], Any]:
    """Give what runs a page by its module's name."""
    testing = pytest.importorskip("streamlit.testing.v1", reason="pip install 'topic-model-worker[dashboard]'")

    def run(name: str) -> Any:
        script = f"from worker.dashboard import {name}\n{name}.page()\n"
        return testing.AppTest.from_string(script, default_timeout=60).run()

    return run
