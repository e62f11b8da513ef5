"""What stays and what goes, and when."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.store.conftest import Place
from worker.store.activation import Activation
from worker.store.files import open_files
from worker.store.garbage import Garbage, collect_garbage, find_garbage
from worker.store.names import entry_name
from worker.store.retention import Retention
from worker.store.store import ModelStore

BEGAN = datetime(2026, 3, 1, 2, 15, tzinfo=UTC)
LATER = BEGAN + timedelta(days=30)


def daily(store: ModelStore, n_days: int) -> list[str]:
    """Write and activate a version a day; give their names, the oldest first."""
    active: Activation | None = None
    for day in range(n_days):
        version = store.write("a", {"model": bytes([day])}, {}, at=BEGAN + timedelta(days=day))
        active = store.activate("a", version, after=active, job_id=f"job-{day}")
    return [entry.version for entry in reversed(store.activations("a"))]


def test_the_newest_stay_and_what_the_last_activations_name(place: Place) -> None:
    """Also a version long ago that a person went back to; looking alone removes nothing."""
    store = ModelStore(place.url)
    days = daily(store, 6)
    store.activate_by_hand("a", days[0])
    expected = Garbage("a", tuple(days[1:4]), ())
    assert find_garbage(store, "a", Retention(2, 1), LATER) == expected
    assert len(store.versions("a")) == 6
    assert collect_garbage(store, "a", Retention(2, 1), LATER) == expected
    assert store.versions("a") == [days[5], days[4], days[0]]
    assert collect_garbage(store, "a", Retention(2, 1), LATER).versions == ()
    assert store.read("a", days[0])[0] == {"model": b"\0"}


def test_the_active_version_and_the_young_always_stay(folder: Place) -> None:
    """A job that runs may have written what no entry names yet."""
    store = ModelStore(folder.url)
    days = daily(store, 3)
    young = store.write("a", {"model": b""}, {}, at=LATER - timedelta(hours=23))
    old = store.write("a", {"model": b""}, {}, at=LATER - timedelta(hours=25))
    assert collect_garbage(store, "a", Retention(1, 1), LATER).versions == (*days[:2], old)
    assert store.versions("a") == [young, days[2]]


def test_an_entry_that_cannot_be_read_may_name_any_version(folder: Place) -> None:
    """So nothing goes that no readable entry names."""
    store = ModelStore(folder.url)
    days = daily(store, 4)
    open_files(store.location).write(f"a/active/{entry_name(4)}", b"")
    assert collect_garbage(store, "a", Retention(1, 1), LATER).versions == tuple(days[:2])
    assert store.versions("a") == [days[3], days[2]]


def test_a_long_log_is_cut_at_its_old_end(folder: Place) -> None:
    """The numbers go on; a log that only grew would make each job slower."""
    store = ModelStore(folder.url)
    version = store.write("a", {"model": b""}, {}, at=BEGAN)
    last = store.activate("a", version, after=None, job_id="job")
    log = Path(folder.url, "a", "active")
    for seq in range(2, 1004):
        entry = Activation(seq, version, "job", last.at, version)
        (log / entry_name(seq)).write_bytes(entry.to_bytes())
    assert collect_garbage(store, "a", Retention(1, 1), LATER).entries == (1, 2, 3)
    assert store.log_of("a").numbers() == list(range(1003, 3, -1))
    active = store.active("a")
    assert store.activate("a", version, after=active, job_id="job-2").seq == 1004


def test_what_was_written_aside_is_swept_after_a_day(folder: Place) -> None:
    """A process that is killed while it writes leaves such a file."""
    store = ModelStore(folder.url)
    daily(store, 1)
    asides = [Path(folder.url, f".aside-{number}") for number in (1, 2)]
    for path, hours in zip(asides, (25, 23), strict=True):
        path.write_bytes(b"")
        os.utime(path, times=((LATER - timedelta(hours=hours)).timestamp(),) * 2)
    collect_garbage(store, "a", Retention(1, 1), LATER)
    assert [path.exists() for path in asides] == [False, True]


def test_files_of_others_in_a_version_stay(folder: Place) -> None:
    """The rest of the version goes, and is no version any more."""
    warnings: list[str] = []
    store = ModelStore(folder.url, warnings.append)
    days = daily(store, 2)
    foreign = Path(folder.url, "a", days[0], "notes.txt")
    foreign.write_text("mine", encoding="utf-8")
    collect_garbage(store, "a", Retention(1, 1), LATER)
    assert os.listdir(foreign.parent) == ["notes.txt"]
    assert store.versions("a") == [days[1]]
    assert [line for line in warnings if "notes.txt" in line]
