"""Several processes on one tenant, and processes that are killed."""

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from tests.effort import effort
from tests.environment import clean_environment
from tests.store.conftest import Place
from tests.store.racer import TENANT, read
from worker.store.garbage import collect_garbage
from worker.store.retention import Retention
from worker.store.store import ModelStore

N_PROCESSES = 3
AT = datetime(2026, 3, 16, 2, 15, tzinfo=UTC)


def start(place: Place, *command: str) -> "subprocess.Popen[str]":
    """Start a process that reaches the store, and wait until it says that it is ready."""
    environment = clean_environment(**place.environment)
    process = subprocess.Popen(
        [sys.executable, *command], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.slow
@pytest.mark.soak
def test_three_processes_that_update_one_tenant_lose_nothing(place: Place) -> None:
    """The chain is unbroken, each comment is counted once, and no folder of a loser is left."""
    n_updates = effort(4, soak=40)
    racers = [
        start(place, "-m", "tests.store.racer", place.url, str(each), str(n_updates)) for each in range(N_PROCESSES)
    ]
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    reports = [json.loads(racer.communicate()[0]) for racer in racers]
    print(place.url.partition(":")[0], reports)
    store = ModelStore(place.url)
    entries = store.activations(TENANT)
    assert [entry.seq for entry in entries] == list(range(N_PROCESSES * n_updates, 0, -1))
    assert [entry.parent for entry in entries] == [*(entry.version for entry in entries[1:]), None]
    counted = read(store, entries[0])
    assert sorted(counted) == sorted(f"{each}-{number}" for each in range(N_PROCESSES) for number in range(n_updates))
    assert counted == [entry.job_id for entry in reversed(entries)]
    assert (
        sorted(store.versions(TENANT)) == sorted(store.folders_of(TENANT)) == sorted(entry.version for entry in entries)
    )


@pytest.mark.slow
def test_processes_never_write_into_one_folder(place: Place) -> None:
    """Versions of one second get numbers."""
    script = """
import sys
from datetime import UTC, datetime
from worker.store.store import ModelStore
store = ModelStore(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
at = datetime(2026, 3, 16, 2, 15, tzinfo=UTC)
for number in range(3):
    print(store.write("a", {"who": f"{sys.argv[2]}-{number}".encode()}, {}, at=at))
"""
    writers = [start(place, "-c", script, place.url, str(each)) for each in range(2)]
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    written = [writer.communicate()[0].split() for writer in writers]
    store = ModelStore(place.url)
    expected = ["20260316_021500", *(f"20260316_021500_{number}" for number in range(2, 7))]
    assert store.versions("a") == expected[::-1]
    assert sorted([*written[0], *written[1]]) == expected
    for each, versions in enumerate(written):
        for number, version in enumerate(versions):
            assert store.read("a", version)[0] == {"who": f"{each}-{number}".encode()}


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["half way through writing", "before activating"])
def test_a_killed_process_leaves_the_active_model_as_it_was(place: Place, moment: str) -> None:
    """What it wrote is swept after a day and not before; its job can be done again at once."""
    store = ModelStore(place.url)
    first = store.activate("a", store.write("a", {"model": b"1"}, {}, at=AT), after=None, job_id="job-1")
    script = """
import sys
from datetime import UTC, datetime
from worker.store import version_folder
from worker.store.store import ModelStore
def stop():
    print("ready", flush=True)
    sys.stdin.readline()
if sys.argv[2] == "half way through writing":
    # It seals the claim at the begin, and config.json once all files are written.
    seal = version_folder.seal
    version_folder.seal = lambda content: stop() if "details" in content else seal(content)
store = ModelStore(sys.argv[1])
store.write("a", {"model": b"2"}, {}, at=datetime(2026, 3, 16, 2, 15, 1, tzinfo=UTC))
stop()
"""
    killed = start(place, "-c", script, place.url, moment)
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert store.active("a") == first
    left = "20260316_021501"
    assert store.folders_of("a") == [left, first.version]
    assert store.versions("a") == ([first.version] if moment.startswith("half") else [left, first.version])
    keep = Retention(1, 1)
    assert collect_garbage(store, "a", keep, now=datetime(2026, 3, 17, 2, 15, 1, tzinfo=UTC)).versions == ()
    assert collect_garbage(store, "a", keep, now=datetime(2026, 3, 17, 2, 15, 2, tzinfo=UTC)).versions == (left,)
    assert store.folders_of("a") == [first.version]
    again = store.write("a", {"model": b"2"}, {})
    assert store.activate("a", again, after=first, job_id="job-2").seq == 2
