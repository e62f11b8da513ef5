"""A job that keeps a model removes the versions that retention lets go of, and never fails because of them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.lifecycle.batches import TENANT, envelope_of, run
from worker.lifecycle import models
from worker.lifecycle.events import StoreUsed, StoreWarning, TaskEvent, VersionsRemoved
from worker.store.retention import KEEP_ALL, Retention
from worker.store.store import ModelStore

UPDATE = "topic-model.update"


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    """Give a store with a version of today and of each of 14 days before; a person went back to the fourth newest."""
    models._models.clear()
    store = ModelStore(str(tmp_path / "models"))
    run(envelope_of(0), str(store.location), "first")
    active = store.active(TENANT)
    assert active is not None
    files, details = store.read(TENANT, active.version)
    for days in range(15, 1, -1):
        at = datetime.now(UTC) - timedelta(days=days)
        version = store.write(TENANT, files, details, parent=active.version, at=at)
        active = store.activate(TENANT, version, after=active, job_id=f"job-{days}")
    store.activate_by_hand(TENANT, store.versions(TENANT)[3])
    return store


def test_old_versions_go_ten_at_a_time(store: ModelStore) -> None:
    """The newest stay, what the last activations name, and all of the last day; what goes is told by name."""
    today, *days = store.versions(TENANT)
    events: list[TaskEvent] = []
    first = run(envelope_of(1, UPDATE), str(store.location), "job", events=events, retention=Retention(2, 2))
    assert first["model"]["previousVersion"] == days[2]
    assert store.versions(TENANT) == [first["model"]["version"], today, *days[:4]]
    second = run(envelope_of(2, UPDATE), str(store.location), "next", events=events, retention=Retention(2, 2))
    assert store.versions(TENANT) == [second["model"]["version"], first["model"]["version"], today]
    removed = [event for event in events if isinstance(event, VersionsRemoved)]
    assert removed == [VersionsRemoved(TENANT, tuple(days[:3:-1])), VersionsRemoved(TENANT, tuple(days[3::-1]))]


def test_nothing_goes_if_all_is_kept(store: ModelStore) -> None:
    """Neither if a setting says so nor if there are no more versions than it keeps."""
    before = store.versions(TENANT)
    run(envelope_of(1, UPDATE), str(store.location), "job", retention=KEEP_ALL)
    run(envelope_of(2, UPDATE), str(store.location), "next", retention=Retention(20, 1))
    assert store.versions(TENANT)[2:] == before


def test_what_cannot_be_removed_is_a_warning(store: ModelStore, tmp_path: Path) -> None:
    """The job has its result: its comments count, whatever becomes of the old versions."""
    claim = Path(str(store.location), TENANT, store.versions(TENANT)[-1], "claim.json")
    claim.rename(tmp_path / "elsewhere")
    claim.symlink_to(tmp_path / "elsewhere")
    events: list[TaskEvent] = []
    done = run(envelope_of(1, UPDATE), str(store.location), "job", events=events, retention=Retention(1, 1))
    assert done["status"] == "completed"
    (warning,) = [event.line for event in events if isinstance(event, StoreWarning)]
    assert warning.startswith(f"old versions of {TENANT} were not removed")
    assert "leads out of the store through a link" in warning
    failed = [event.operation for event in events if isinstance(event, StoreUsed) and event.error]
    assert failed == ["delete"]
