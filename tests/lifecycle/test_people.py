"""The tasks of a person who looks: a fit that is kept and shown, and a kept model that is measured."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from tests.lifecycle.batches import ENGINE, N_PER_DAY, envelope_of, run, task_of
from worker.lifecycle import evaluating, fitting
from worker.lifecycle.model_refusal import ModelRefusal
from worker.lifecycle.task import EvaluateModel, InspectedFit, InspectedModel, ModelTask
from worker.store.store import ModelStore

PREDICT = "topic-model.predict"


def as_task(kind: type[ModelTask], task: ModelTask, **more: Any) -> Any:
    """Make another task of the same batch and store."""
    return kind(**{field.name: getattr(task, field.name) for field in fields(ModelTask)}, **more)


def test_a_fit_that_a_person_looks_at_is_the_one_that_is_kept(tmp_path: Path) -> None:
    """The document and the fit say the same, and the version knows what made its embeddings."""
    task = as_task(InspectedFit, task_of(envelope_of(0), tmp_path, "job"), embedding_model="LaBSE")
    made = fitting.run_inspected(task, ENGINE, lambda _: None)
    assert isinstance(made, InspectedModel)
    document: Any = made.document
    assert [topic["docCount"] for topic in document["topics"]] == [topic.size for topic in made.fit.topics]
    store = ModelStore(str(tmp_path))
    assert store.config("campus-3", document["model"]["version"]).details["embeddingModel"] == "LaBSE"
    assert made.fit.traits is None  # counts of all terms, which nobody shows


@pytest.mark.slow
def test_a_kept_model_is_measured_on_other_comments(tmp_path: Path) -> None:
    """A prediction, with the metrics of its topics; without a model there is nothing to measure."""
    task = as_task(EvaluateModel, task_of(envelope_of(1, PREDICT), tmp_path, "job"))
    assert isinstance(evaluating.run(task, ENGINE, lambda _: None), ModelRefusal)
    run(envelope_of(0), tmp_path, "first")
    found: Any = evaluating.run(task, ENGINE, lambda _: None)
    predicted = run(envelope_of(1, PREDICT), tmp_path, "job")
    assert {name: found[name] for name in ("topics", "assignments", "drift")} == {
        name: predicted[name] for name in ("topics", "assignments", "drift")
    }
    assert found["metrics"]["outlier_ratio"] == round(found["outlierCount"] / N_PER_DAY, 4)
    assert found["metrics"]["silhouette_score"] > 0.1
    assert found["metrics"]["npmi_coherence"] > 0
