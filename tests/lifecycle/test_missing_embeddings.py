"""Kept models of comments that came without an embedding."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.lifecycle.batches import ENGINE, envelope_of, run, task_of
from tests.small_model import make_model
from worker.compute.bare_host import BareHost
from worker.jobs.predict import PREDICT
from worker.lifecycle.embedding import with_embeddings
from worker.lifecycle.events import TaskEvent
from worker.lifecycle.model_refusal import ModelRefusal
from worker.topics.engine import Engine
from worker.topics.fit import EMBED, NoTopics, StageStarted
from worker.topics.words.encoders import TransformerEncoder
from worker.topics.words.loading import choose_encoder


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Give an engine that knows the themes, beside a model of 768 numbers."""
    model = choose_encoder(make_model(tmp_path_factory.mktemp("tiny"), 768), "unused", "cpu").encoder
    assert isinstance(model, TransformerEncoder)
    return replace(ENGINE, encoder=model)


def without(envelope: dict[str, Any]) -> dict[str, Any]:
    """Leave the embeddings out."""
    items = [{name: item[name] for name in ("submissionId", "text")} for item in envelope["items"]]
    return {**envelope, "items": items, "params": {"embed_missing": True}}


def test_a_model_lives_on_texts_alone(tmp_path: Path, engine: Engine) -> None:
    """Fit, update, predict and rebuild embed first, in a stage of its own; a retry finds its own result."""
    results = {}
    for day, kind in enumerate(("topic-model", "topic-model.update", "topic-model.predict", "topic-model.rebuild")):
        events: list[TaskEvent] = []
        results[kind] = run(without(envelope_of(day, kind)), tmp_path, kind, engine=engine, events=events)
        stages = [event.stage for event in events if isinstance(event, StageStarted)]
        assert stages[0] == EMBED
        assert results[kind]["status"] == "completed", results[kind]
    again = run(without(envelope_of(1, "topic-model.update")), tmp_path, "topic-model.update", engine=engine)
    assert again == results["topic-model.update"]


@pytest.mark.parametrize("kind", ["topic-model.update", "topic-model.predict", "topic-model.rebuild"])
def test_embeddings_of_another_model_are_refused(tmp_path: Path, engine: Engine, kind: str) -> None:
    """If the worker can tell: it has the model of the kept ones, or made some of these with one of another name."""
    run(without(envelope_of(0)), tmp_path, "first", engine=engine)
    other = replace(engine, encoder=TransformerEncoder(engine.encoder._model, "another/one"))
    for envelope, host in ((envelope_of(1, kind), engine), (without(envelope_of(1, kind)), other)):
        refused = run(envelope, tmp_path, "second", engine=host)
        assert isinstance(refused, ModelRefusal)
        assert refused.error.startswith('The model of tenant "campus-3" is made of embeddings of tiny')
        assert "of another model" in refused.error
    # A worker with another model cannot tell what made the embeddings that it is sent.
    assert run(envelope_of(1, kind), tmp_path, "third", engine=other)["status"] == "completed"


@pytest.mark.parametrize("kind", ["topic-model", "topic-model.update", "topic-model.predict", "topic-model.rebuild"])
def test_without_a_model_nothing_is_kept(tmp_path: Path, kind: str) -> None:
    """The answer is a failure of the contract, in a process with the engine and in one without."""
    for host in (ENGINE, BareHost()):
        refused = with_embeddings(task_of(without(envelope_of(0, kind)), tmp_path, "job"), host, lambda _: None)
        assert isinstance(refused, NoTopics)
    assert isinstance(run(without(envelope_of(0, kind)), tmp_path, "job"), NoTopics)
    assert not any(tmp_path.iterdir())


def test_the_name_of_a_job_does_not_depend_on_what_was_made(tmp_path: Path) -> None:
    """Two machines may embed a text with other last bits: a retry on another one has the same name."""
    task = task_of(without(envelope_of(0)), tmp_path, "job")
    names = set()
    for seed in range(2):
        made = np.random.default_rng(seed).normal(size=(len(task.batch.kept), 768)).astype(np.float32)
        names.add(replace(task, batch=replace(task.batch, embeddings=made)).name())
    assert names == {task.name()}


def test_a_prediction_on_the_command_line_loads_the_engine_only_for_that(tmp_path: Path) -> None:
    """It needs the model."""
    plain, bare = envelope_of(0, "topic-model.predict"), without(envelope_of(0, "topic-model.predict"))
    asked = [PREDICT.needs_engine(task_of(envelope, tmp_path, "job").batch) for envelope in (plain, bare)]
    assert asked == [False, True]
