"""What is not as it was written: flipped bits, cut files, files of others, links."""

import os
from pathlib import Path

import pytest

from tests.store.conftest import Place
from worker.store.errors import LostRace, StoreCorrupt, StoreUnavailable, VersionMissing
from worker.store.names import entry_name
from worker.store.store import ModelStore

FILES = {"model.safetensors": bytes(range(256)) * 8, "outcome.json": b'{"labels": [0, 1]}\n'}


def flip(store: ModelStore, name: str, position: int) -> None:
    """Change one bit of a stored file."""
    data = bytearray(store._files.read(name))
    data[position] ^= 1
    store._files.write(name, bytes(data))


@pytest.mark.parametrize("name", ["model.safetensors", "outcome.json", "config.json"])
def test_a_flipped_bit_is_found_and_the_file_named(place: Place, name: str) -> None:
    """Wherever it is; the other versions can still be read."""
    store = ModelStore(place.url)
    sound = store.write("a", FILES, {"topics": 2})
    version = store.write("a", FILES, {"topics": 2})
    length = len(store._files.read(f"a/{version}/{name}"))
    for position in range(length // 3, length, max(1, length // (40 if place.is_local else 1))):
        flip(store, f"a/{version}/{name}", position)
        with pytest.raises(StoreCorrupt, match=f"{version}/{name} was (changed|never)") as raised:
            store.read("a", version)
        assert "\n" not in str(raised.value)
        assert "rollback a" in str(raised.value)
        flip(store, f"a/{version}/{name}", position)
    assert store.read("a", version)[0] == store.read("a", sound)[0] == FILES


def test_a_missing_data_file_is_named(folder: Place) -> None:
    """A version of which a file was removed is damaged, not absent."""
    store = ModelStore(folder.url)
    version = store.write("a", FILES, {})
    Path(folder.url, "a", version, "outcome.json").unlink()
    with pytest.raises(StoreCorrupt, match=f"{version}/outcome.json is missing"):
        store.read("a", version)


def test_a_version_copied_to_another_tenant_is_refused(folder: Place) -> None:
    """One tenant's model under another's name would mix their comments."""
    store = ModelStore(folder.url)
    version = store.write("a", FILES, {})
    Path(folder.url, "b").mkdir()
    Path(folder.url, "a", version).rename(Path(folder.url, "b", version))
    with pytest.raises(StoreCorrupt, match="belongs to another"):
        store.read("b", version)


@pytest.mark.parametrize("kept_bytes", [0, 1, 40])
def test_an_entry_that_was_never_written_to_its_end_counts_as_not_there(folder: Place, kept_bytes: int) -> None:
    """The tenant stays usable, and the next activation gets a number of its own."""
    warnings: list[str] = []
    store = ModelStore(folder.url, warnings.append)
    version = store.write("a", FILES, {})
    first = store.activate("a", version, after=None, job_id="job-1")
    store._files.write(f"a/active/{entry_name(2)}", b'{\n "activatedAt": "2026-03-16T02:15:00.000Z",'[:kept_bytes])
    assert store.active("a") == first
    third = store.activate("a", version, after=first, job_id="job-2")
    assert (third.seq, store.active("a")) == (3, third)
    assert warnings == [
        f"model store: {store.location}/a/active/00000002.json was never written to its end and counts as not there"
    ]


def test_a_changed_entry_is_no_other_activation(place: Place) -> None:
    """Falling back to the entry before it would lose an update in silence; a person can choose a version."""
    store = ModelStore(place.url)
    version = store.write("a", FILES, {})
    first = store.activate("a", version, after=None, job_id="job-1")
    store.activate("a", version, after=first, job_id="job-2")
    flip(store, f"a/active/{entry_name(2)}", 60)
    for use in (store.active, lambda tenant: store.activate(tenant, version, after=first, job_id="job-3")):
        with pytest.raises(StoreCorrupt, match=r"a/active/00000002.json was changed .* models activate a VERSION"):
            use("a")
    assert store.activations("a") == [first]
    assert store.activate_by_hand("a", version).seq == 3
    assert store.active("a") == store.activations("a")[0]
    with pytest.raises(LostRace):
        store.activate("a", version, after=first, job_id="job-3")


def test_files_of_others_are_left_alone_with_a_warning(folder: Place) -> None:
    """Also as the tenant is removed."""
    warnings: list[str] = []
    store = ModelStore(folder.url, warnings.append)
    version = store.write("a", FILES, {})
    active = store.activate("a", version, after=None, job_id="job-1")
    foreign = ["README.md", "lost+found/x", "notes", "a/notes.txt", f"a/{version}/notes.txt", "a/active/latest.json"]
    for name in foreign:
        path = Path(folder.url, name)
        path.parent.mkdir(exist_ok=True)
        path.write_text("not the store's", encoding="utf-8")
    assert (store.tenants(), store.versions("a"), store.active("a")) == (["a"], [version], active)
    store.delete_tenant("a")
    assert store.active("a") is None
    with pytest.raises(VersionMissing):
        store.read("a", version)
    assert all(Path(folder.url, name).exists() for name in foreign)
    for name in foreign:
        place = name.removesuffix("/x")
        assert any(f"{folder.url}/{place} is no" in line for line in warnings), (name, warnings)


def test_a_link_does_not_lead_out_of_the_store(folder: Place, tmp_path: Path) -> None:
    """Neither to read, nor to write, nor to remove; the root itself may be a link."""
    outside = tmp_path / "outside"
    ModelStore(str(outside)).write("a", FILES, {})
    (tmp_path / "root").mkdir()
    Path(folder.url).symlink_to(tmp_path / "root")
    store = ModelStore(folder.url)
    version = store.write("b", FILES, {})
    assert store.read("b", version)[0] == FILES
    Path(folder.url, "a").symlink_to(outside / "a")
    uses = (store.active, store.versions, store.delete_tenant, lambda name: store.write(name, FILES, {}))
    for use in uses:
        with pytest.raises(StoreCorrupt, match="leads out of the store"):
            use("a")
    assert len(os.listdir(outside / "a")) == 1


def test_a_pipe_in_place_of_a_file_does_not_stop_the_worker(folder: Place) -> None:
    """Reading it would wait for ever."""
    store = ModelStore(folder.url)
    store.activate("a", store.write("a", FILES, {}), after=None, job_id="job-1")
    os.mkfifo(Path(folder.url, "a", "active", entry_name(2)))
    with pytest.raises(StoreCorrupt, match="neither a file nor a folder"):
        store.active("a")


def test_a_folder_in_place_of_a_file_is_named(folder: Place) -> None:
    """In one line."""
    store = ModelStore(folder.url)
    store.activate("a", store.write("a", FILES, {}), after=None, job_id="job-1")
    Path(folder.url, "a", "active", entry_name(2)).mkdir()
    with pytest.raises(StoreUnavailable, match=r"00000002\.json cannot be read: Is a directory"):
        store.active("a")
