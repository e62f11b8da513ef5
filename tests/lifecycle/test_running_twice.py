"""A job that runs twice, that was taken back, or that loses a race to another one."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.lifecycle.activation_log import REBUILD, UPDATE, activations
from tests.lifecycle.batches import ENGINE, N_PER_DAY, TENANT, envelope_of, run, seen_by
from worker.errors import ActivationLost, ResultGone
from worker.lifecycle import models
from worker.lifecycle.events import StoreUsed, TaskEvent
from worker.store.store import ModelStore
from worker.topics.engine import Engine
from worker.topics.fit import StageFinished


def engine_that(meanwhile: Callable[[], object]) -> Engine:
    """Make an engine that lets something else happen while it fits."""

    def fit(*arguments: Any, **options: Any) -> Any:
        meanwhile()
        return ENGINE.fit(*arguments, **options)

    return replace(ENGINE, fit=fit)


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
