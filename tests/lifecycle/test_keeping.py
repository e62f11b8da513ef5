"""What the compute process does with a tenant's models: keep, activate, begin anew after a lost race, run twice."""

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.lifecycle.batches import ENGINE, N_PER_DAY, TENANT, envelope_of, run, seen_by, task_of
from worker.contract.envelope import Rejection
from worker.errors import ActivationLost, ResultGone
from worker.lifecycle import models
from worker.lifecycle.events import StoreUsed, TaskEvent
from worker.lifecycle.fitting import run as fit
from worker.lifecycle.model_refusal import ModelRefusal
from worker.store.errors import StoreCorrupt, StoreUnavailable
from worker.store.store import ModelStore
from worker.topics.engine import Engine
from worker.topics.fit import NoTopics, StageFinished

UPDATE, PREDICT, REBUILD = "topic-model.update", "topic-model.predict", "topic-model.rebuild"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Give an empty store, in a process that has read no model."""
    models._models.clear()
    return tmp_path / "models"


def activations(store: Path, tenant: str = TENANT) -> list[tuple[int, str, str]]:
    """List the log from the first entry on: number, job without its fingerprint, version."""
    entries = reversed(ModelStore(str(store)).activations(tenant))
    return [(entry.seq, entry.job_id.partition("#")[0], entry.version) for entry in entries]


def engine_that(meanwhile: Callable[[], object]) -> Engine:
    """Make an engine that lets something else happen while it fits."""

    def fit(*arguments: Any, **options: Any) -> Any:
        meanwhile()
        return ENGINE.fit(*arguments, **options)

    return replace(ENGINE, fit=fit)


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


@pytest.mark.parametrize("kind", ["topic-model", UPDATE, REBUILD])
def test_a_job_that_runs_twice_gives_the_same_and_counts_once(store: Path, kind: str) -> None:
    """Also after another job came between; the compute process may be another one."""
    run(envelope_of(0), store, "first")
    once = run(envelope_of(1, kind), store, "job")
    run(envelope_of(2, UPDATE), store, "between")
    n_seen, log = seen_by(store), activations(store)
    models._models.clear()
    events: list[TaskEvent] = []
    again = run(envelope_of(1, kind), store, "job", events=events)
    assert json.dumps(again) == json.dumps(once)
    assert (seen_by(store), activations(store)) == (n_seen, log)
    assert [event.stage for event in events if isinstance(event, StageFinished)] == ["load"]


def roll_back(store: Path, version: str) -> None:
    """Go back to a version as a person does."""
    ModelStore(str(store)).activate_by_hand(TENANT, version)


def test_a_job_that_was_taken_back_counts_anew(store: Path) -> None:
    """Run again under its id, it adds to the version that is active, and that once, whoever comes between."""
    run(envelope_of(0), store, "first")
    taken_back = run(envelope_of(1, UPDATE), store, "job")
    run(envelope_of(2, UPDATE), store, "between")
    first, later = taken_back["model"]["previousVersion"], activations(store)[-1][2]
    roll_back(store, first)
    anew = run(envelope_of(1, UPDATE), store, "job")
    assert anew["model"]["previousVersion"] == first
    assert anew["model"]["version"] not in (taken_back["model"]["version"], later)
    run(envelope_of(3, UPDATE), store, "last")
    assert json.dumps(run(envelope_of(1, UPDATE), store, "job")) == json.dumps(anew)
    assert seen_by(store) == 3 * N_PER_DAY
    roll_back(store, later)
    assert json.dumps(run(envelope_of(1, UPDATE), store, "job")) == json.dumps(taken_back)
    assert seen_by(store) == 3 * N_PER_DAY


def test_another_batch_under_the_same_id_is_another_job(store: Path) -> None:
    """An API that names its weekly job alike each week gets each week's comments counted."""
    run(envelope_of(0, UPDATE), store, "weekly")
    second = run(envelope_of(1, UPDATE), store, "weekly")
    assert seen_by(store) == 2 * N_PER_DAY
    assert json.dumps(run(envelope_of(1, UPDATE), store, "weekly")) == json.dumps(second)
    assert seen_by(store) == 2 * N_PER_DAY


@pytest.mark.parametrize("kind", [UPDATE, REBUILD])
def test_no_number_is_used_again_after_a_rollback(store: Path, kind: str) -> None:
    """Comments are still filed under the numbers of the version that a person took back."""
    begun = envelope_of(0)
    run({**begun, "items": begun["items"][: N_PER_DAY // 2]}, store, "first")
    taken_back = run(envelope_of(1, kind), store, "taken back")
    assert taken_back["born"] == [2, 3]
    opened = ModelStore(str(store))
    opened.activate_by_hand(TENANT, taken_back["model"]["previousVersion"])
    assert run(envelope_of(2, kind), store, "next")["born"] == [4, 5]
    assert run(envelope_of(3, kind), store, "last")["born"] == []


def test_who_loses_a_race_adds_to_what_won(store: Path) -> None:
    """Both jobs count, the chain is unbroken, and nothing of the lost version is left."""
    run(envelope_of(0), store, "first")
    days = iter([2])

    def meanwhile() -> None:
        for day in days:
            run(envelope_of(day, UPDATE), store, "faster")

    events: list[TaskEvent] = []
    slower = run(envelope_of(1, UPDATE), store, "slower", engine=engine_that(meanwhile), events=events)
    log = activations(store)
    assert [entry[1] for entry in log] == ["first", "faster", "slower"]
    assert slower["model"] == {"tenant": TENANT, "version": log[2][2], "previousVersion": log[1][2]}
    assert seen_by(store) == 3 * N_PER_DAY
    assert sorted(ModelStore(str(store)).versions(TENANT)) == sorted(entry[2] for entry in log)
    lost = [event for event in events if isinstance(event, StoreUsed) and event.error == "LostRace"]
    assert [event.operation for event in lost] == ["activate"]


def test_a_fit_that_loses_a_race_is_not_made_again(store: Path) -> None:
    """It depends on no other model; its version says what it follows."""
    days, n_fits = iter([2]), 0

    def meanwhile() -> None:
        nonlocal n_fits
        n_fits += 1
        for day in days:
            run(envelope_of(day, UPDATE), store, "faster")

    slower = run(envelope_of(1), store, "slower", engine=engine_that(meanwhile))
    assert n_fits == 1
    assert slower["model"]["previousVersion"] == activations(store)[0][2]
    assert seen_by(store) == N_PER_DAY


def test_a_race_lost_three_times_is_given_up(store: Path) -> None:
    """BullMQ tries the job again; nothing of it was kept."""
    run(envelope_of(0), store, "first")
    days = iter(range(2, 10))
    slower = engine_that(lambda: run(envelope_of(day := next(days), UPDATE), store, f"faster-{day}"))
    with pytest.raises(ActivationLost, match="another worker won the activation three times running"):
        run(envelope_of(1, UPDATE), store, "slower", engine=slower)
    assert [entry[1] for entry in activations(store)] == ["first", "faster-2", "faster-3", "faster-4"]
    assert seen_by(store) == 4 * N_PER_DAY


def test_two_workers_with_the_same_job_count_it_once(store: Path) -> None:
    """As if a worker lost its lock, and another took the job, while it computed."""
    run(envelope_of(0), store, "first")
    results = []
    times = iter([1])

    def meanwhile() -> None:
        results.extend(run(envelope_of(1, UPDATE), store, "same") for _ in times)

    results.append(run(envelope_of(1, UPDATE), store, "same", engine=engine_that(meanwhile)))
    assert json.dumps(results[0]) == json.dumps(results[1])
    assert seen_by(store) == 2 * N_PER_DAY


def test_a_result_whose_version_was_deleted_cannot_be_given_again(store: Path) -> None:
    """And the comments are not counted a second time for that."""
    first = run(envelope_of(0, UPDATE), store, "first")
    run(envelope_of(1, UPDATE), store, "second")
    ModelStore(str(store)).delete_version(TENANT, first["model"]["version"])
    with pytest.raises(ResultGone, match=f"made version {first['model']['version']} of tenant {TENANT} before"):
        run(envelope_of(0, UPDATE), store, "first")
    assert seen_by(store) == 2 * N_PER_DAY


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
