"""Versions and activations: what is written is read, in a folder and in S3."""

import os
from datetime import UTC, datetime

import pytest

from tests.store.conftest import Place
from worker.store.activation import N_REMEMBERED
from worker.store.errors import InvalidName, LostRace, StoreError, VersionMissing
from worker.store.local_files import LocalFiles
from worker.store.store import ModelStore

FILES = {"model.safetensors": bytes(range(256)) * 8, "outcome.json": b'{"labels": [0, 1]}\n'}
DETAILS = {"topics": 2, "tau": 24.5, "names": ["a", "ñ"]}
AT = datetime(2026, 3, 16, 2, 15, tzinfo=UTC)


def test_a_version_is_read_as_it_was_written(place: Place) -> None:
    """By another store object, as another process has one; not active before it is activated."""
    version = ModelStore(place.url).write("campus-3", FILES, DETAILS, at=AT)
    assert version == "20260316_021500"
    store = ModelStore(place.url)
    assert store.read("campus-3", version) == (FILES, DETAILS)
    assert store.config("campus-3", version).n_bytes == sum(map(len, FILES.values()))
    assert (store.tenants(), store.versions("campus-3")) == (["campus-3"], [version])
    assert store.active("campus-3") is None
    assert store.activations("campus-3") == []


def test_the_highest_entry_of_the_log_is_active(place: Place) -> None:
    """Each entry names the job and the version before; going back is a new entry, and what it takes back is undone."""
    # What one process has listed before is no reason not to see what another one writes.
    store, other = ModelStore(place.url), ModelStore(place.url)
    assert (other.active("a"), other.versions("a")) == (None, [])
    first = store.activate("a", store.write("a", FILES, {}, at=AT), after=None, job_id="job-1")
    assert (other.active("a"), other.versions("a")) == (first, [first.version])
    second = store.activate("a", store.write("a", FILES, {}, at=AT), after=first, job_id="job-2")
    assert (first.version, second.version) == ("20260316_021500", "20260316_021500_2")
    back = store.activate_by_hand("a", first.version)
    assert other.active("a") == back
    assert other.activations("a") == [back, second, first]
    assert [(each.seq, each.parent) for each in (first, second, back)] == [
        (1, None),
        (2, first.version),
        (3, second.version),
    ]
    assert [other.activated_by("a", job) for job in ("job-1", "job-2", "job-3", "")] == [first, None, None, None]
    assert other.versions("a") == [second.version, first.version]


def test_who_read_an_older_entry_loses(place: Place) -> None:
    """Nothing is changed, and the loser can remove what it wrote."""
    store = ModelStore(place.url)
    first = store.activate("a", store.write("a", FILES, {}), after=None, job_id="job-1")
    second = store.activate("a", store.write("a", FILES, {}), after=first, job_id="job-2")
    late = store.write("a", FILES, {})
    for after in (None, first):
        with pytest.raises(LostRace, match=second.version):
            store.activate("a", late, after=after, job_id="job-3")
    store.delete_version("a", late)
    assert store.active("a") == second
    assert late not in store.versions("a")
    with pytest.raises(StoreError, match="is active"):
        store.delete_version("a", second.version)
    with pytest.raises(VersionMissing, match=late):
        store.activate("a", late, after=second, job_id="job-3")
    with pytest.raises(VersionMissing, match=late):
        store.read("a", late)


def test_the_last_hundred_jobs_are_remembered(folder: Place) -> None:
    """An entry names them, so that the log is not read through for each job."""
    store = ModelStore(folder.url)
    version = store.write("a", FILES, {})
    after = None
    for number in range(N_REMEMBERED + 2):
        after = store.activate("a", version, after=after, job_id=f"job-{number}")
    found = [store.activated_by("a", f"job-{number}") for number in (0, 1, N_REMEMBERED + 1)]
    assert [each and each.seq for each in found] == [None, 2, N_REMEMBERED + 2]


def test_a_tenant_is_removed_with_all_that_is_its(place: Place) -> None:
    """Others stay; a job that had read the tenant before cannot bring its model back."""
    store = ModelStore(place.url)
    gone = store.activate("a", store.write("a", FILES, {}), after=None, job_id="job-1")
    store.activate("b", store.write("b", FILES, {}), after=None, job_id="job-1")
    store.delete_tenant("a")
    assert store.tenants() == ["b"]
    assert store.active("a") is None
    late = store.write("a", FILES, {})
    with pytest.raises(LostRace, match="removed"):
        store.activate("a", late, after=gone, job_id="job-2")
    store.delete_tenant("a")
    store.delete_tenant("never-there")
    if place.is_local:
        assert os.listdir(place.url) == ["b"]


@pytest.mark.parametrize("tenant", ["", "A", "-a", "a/b", "..", "a.b", "a\n", "a" * 64, "ä", "../a"])
def test_a_tenant_against_the_rule_is_refused(folder: Place, tenant: str) -> None:
    """Before anything is written."""
    store = ModelStore(folder.url)
    for use in (store.active, store.versions, store.delete_tenant, lambda name: store.write(name, FILES, {})):
        with pytest.raises(InvalidName, match="cannot be a tenant"):
            use(tenant)
    assert not os.path.exists(folder.url)


@pytest.mark.parametrize("version", ["", "latest", "../20260316_021500", "20261316_021500", "20260316_021500_0", "1"])
def test_a_version_against_the_rule_is_refused(folder: Place, version: str) -> None:
    """It is a time, and a number if need be."""
    with pytest.raises(InvalidName, match="cannot be a version"):
        ModelStore(folder.url).read("a", version)


@pytest.mark.parametrize("name", ["config.json", "claim.json", "../model", "a/b", ".hidden", "Model", ""])
def test_a_data_file_has_a_plain_name(folder: Place, name: str) -> None:
    """It cannot stand in for the store's own files, nor lie elsewhere."""
    with pytest.raises(ValueError, match="data file"):
        ModelStore(folder.url).write("a", {name: b""}, {})
    assert not os.path.exists(folder.url)


def test_a_write_that_was_sent_twice_has_not_lost_to_itself(folder: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the answer to the first is lost, a client sends it again, and the store says that the file exists."""
    store = ModelStore(folder.url)
    create = store._files.create

    def create_twice(name: str, data: bytes) -> None:
        create(name, data)
        create(name, data)

    version = store.write("a", FILES, {})
    monkeypatch.setattr(store._files, "create", create_twice)
    entry = store.activate("a", version, after=None, job_id="job-1")
    assert ModelStore(folder.url).activations("a") == [entry]


def test_who_removes_a_folder_takes_no_file_of_another_process_with_it(folder: Place) -> None:
    """The loser of a race removes its version while another process is about to write one of the same name."""
    store = ModelStore(folder.url)
    version = store.write("a", FILES, {})
    files = store._files
    assert isinstance(files, LocalFiles)
    with files._aside(b"the other's") as aside:
        store.delete_version("a", version)
        files._put(aside, f"a/{version}/claim.json", os.link)
    assert files.read(f"a/{version}/claim.json") == b"the other's"
