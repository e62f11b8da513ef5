"""What the compute process does with a tenant's models: keep, activate, read, refuse."""

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.lifecycle.activation_log import PREDICT, REBUILD, UPDATE, activations
from tests.lifecycle.batches import ENGINE, N_PER_DAY, TENANT, envelope_of, run, seen_by, task_of
from worker.contract.envelope import Rejection
from worker.lifecycle import models
from worker.lifecycle.events import StoreUsed, TaskEvent
from worker.lifecycle.fitting import run as fit
from worker.lifecycle.model_refusal import ModelRefusal
from worker.store.errors import StoreCorrupt, StoreUnavailable
from worker.store.store import ModelStore
from worker.topics.fit import NoTopics


def test_a_fit_then_a_prediction(store: Path) -> None:
    """The version that is named is there and active, and predicts what the fit found."""
    fitted = run(envelope_of(0), store, "first")
    version = fitted["model"]["version"]
    assert fitted["model"] == {"tenant": TENANT, "version": version}
    assert activations(store) == [(1, "first", version)]
    predicted = run(envelope_of(1, PREDICT), store, "other")
    assert predicted["model"] == fitted["model"]
    assert len(predicted["assignments"]) == N_PER_DAY
    topic_of = {topic["topicIndex"]: topic["keywords"] for topic in fitted["topics"]}
    for topic in predicted["topics"]:
        assert topic["keywords"] == topic_of[topic["topicIndex"]]
        assert topic["docCount"] == N_PER_DAY // 4
    assert activations(store) == [(1, "first", version)]


def test_two_updates_add_up(store: Path) -> None:
    """The first one begins a model, the second adds to it; every comment is counted once."""
    first = run(envelope_of(0, UPDATE), store, "monday")
    assert "drift" not in first
    second = run(envelope_of(1, UPDATE), store, "tuesday")
    assert second["model"]["previousVersion"] == first["model"]["version"]
    assert {topic["topicIndex"] for topic in second["topics"]} == {topic["topicIndex"] for topic in first["topics"]}
    assert sum(topic["docCount"] for topic in second["topics"]) + second["outlierCount"] == N_PER_DAY
    assert seen_by(store) == 2 * N_PER_DAY
    assert second["born"] == []
    assert [entry[1] for entry in activations(store)] == ["monday", "tuesday"]


def test_a_rebuild_keeps_the_numbers(store: Path) -> None:
    """Topics that are found again have the numbers that they had."""
    first = run(envelope_of(0), store, "first")
    rebuilt = run(envelope_of(1, REBUILD), store, "again")
    assert rebuilt["model"]["previousVersion"] == first["model"]["version"]
    words = {topic["topicIndex"]: set(topic["keywords"]) for topic in first["topics"]}
    for topic in rebuilt["topics"]:
        assert len(words[topic["topicIndex"]] & set(topic["keywords"])) > 5


@pytest.mark.parametrize("kind", [PREDICT, REBUILD])
def test_a_tenant_without_a_model(store: Path, kind: str) -> None:
    """Neither a prediction nor a rebuild can begin one."""
    refusal = run(envelope_of(0, kind), store, "job")
    assert isinstance(refusal, ModelRefusal)
    assert refusal.error == (
        'Tenant "campus-3" has no model yet: send a topic-model job with this tenant, or an update'
    )
    assert activations(store) == []


def test_an_update_that_is_too_small_for_a_first_model(store: Path) -> None:
    """What is enough for an update may not be enough for a fit."""
    envelope = envelope_of(0, UPDATE)
    envelope["items"] = envelope["items"][:12]
    rejection = run(envelope, store, "job")
    assert isinstance(rejection, Rejection)
    assert rejection.error == "Received 12 items, need at least 15 (min_topic_size) for topic modeling"
    run(envelope_of(1), store, "first")
    assert run(envelope, store, "job")["status"] == "completed"


def test_a_version_by_name(store: Path) -> None:
    """The one that is asked for, also if another is active; one that is not there is refused, in memory or not."""
    first = run(envelope_of(0), store, "first")["model"]["version"]
    second = run(envelope_of(1, UPDATE), store, "second")["model"]["version"]
    named = {"tenant": TENANT, "version": first}
    assert run(envelope_of(2, PREDICT, model=named), store, "a")["model"]["version"] == first
    assert run(envelope_of(2, PREDICT), store, "b")["model"]["version"] == second
    ModelStore(str(store)).delete_version(TENANT, first)
    refusal = run(envelope_of(2, PREDICT, model=named), store, "c")
    assert isinstance(refusal, ModelRefusal)
    assert refusal.error == f'Tenant "campus-3" has no version {first} of its model'


def test_embeddings_of_another_length_than_the_model_s(store: Path) -> None:
    """No kind uses them with it, and nothing is kept."""
    task = task_of(envelope_of(0), store, "short")
    short = replace(task.batch, embeddings=np.ascontiguousarray(task.batch.embeddings[:, :512]))
    assert isinstance(fit(replace(task, batch=short), ENGINE, lambda _: None), dict)
    for kind in (UPDATE, PREDICT, REBUILD):
        refusal = run(envelope_of(1, kind), store, "job")
        assert isinstance(refusal, ModelRefusal)
        assert refusal.error.startswith('The model of tenant "campus-3" is made of 512-dim embeddings, got 768')
    assert len(activations(store)) == 1


def test_a_batch_without_topics_keeps_nothing(store: Path) -> None:
    """It fails by the contract, as without a model."""
    no_topics = replace(ENGINE, fit=lambda *_, **__: NoTopics.NO_CLUSTERS)
    assert run(envelope_of(0), store, "job", engine=no_topics) is NoTopics.NO_CLUSTERS
    assert run(envelope_of(0, UPDATE), store, "job", engine=no_topics) is NoTopics.NO_CLUSTERS
    assert activations(store) == []


def test_a_store_that_cannot_be_used_raises(tmp_path: Path, store: Path) -> None:
    """A file where the folder should be; a version whose bytes were changed."""
    in_the_way = tmp_path / "file"
    in_the_way.write_text("no folder", encoding="utf-8")
    with pytest.raises(StoreUnavailable, match="model store: "):
        run(envelope_of(0), in_the_way / "models", "job")
    version = run(envelope_of(0), store, "job")["model"]["version"]
    models._models.clear()
    data = store / TENANT / version / "model.safetensors"
    data.chmod(0o600)
    data.write_bytes(data.read_bytes()[:-1] + b"x")
    for kind in (UPDATE, PREDICT, REBUILD):
        with pytest.raises(StoreCorrupt, match=r"model\.safetensors"):
            run(envelope_of(1, kind), store, "other")


def test_a_model_is_read_once(store: Path) -> None:
    """And the one that was used least lately is forgotten."""
    run(envelope_of(0), store, "job")
    models._models.clear()
    events: list[TaskEvent] = []
    for _ in range(3):
        run(envelope_of(1, PREDICT), store, "job", events=events)
    assert [event.operation for event in events if isinstance(event, StoreUsed)].count("read") == 1
    for tenant in range(models.MOST_MODELS):
        run(envelope_of(0, tenant=f"tenant-{tenant}"), store, f"job-{tenant}")
    assert len(models._models) == models.MOST_MODELS
    run(envelope_of(1, PREDICT), store, "job", events=events)
    assert [event.operation for event in events if isinstance(event, StoreUsed)].count("read") == 2


def test_nothing_in_the_store_names_a_comment_but_the_samples(store: Path) -> None:
    """No text, and no id but those of typical comments."""
    envelope = envelope_of(0)
    result = run(envelope, store, "job")
    run(envelope_of(1, UPDATE), store, "next")
    written = b"".join(
        gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for path in sorted(store.rglob("*"))
        if path.is_file()
    )
    assert not any(item["text"].encode() in written for item in envelope["items"])
    named = [item for item in envelope["items"] if f'"{item["submissionId"]}"'.encode() in written]
    assert 0 < len(named) <= 5 * len(result["topics"])
