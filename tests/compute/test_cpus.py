"""Threads follow the control group's quota, and not only the CPUs of the machine."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from threadpoolctl import threadpool_info, threadpool_limits

from worker.compute import child
from worker.compute.config import ComputeConfig
from worker.compute.cpus import usable_cpus
from worker.settings import DEFAULT_ENGINE
from worker.topics import pipeline
from worker.topics.engine import Engine, set_up

N_CPUS = len(os.sched_getaffinity(0))


def write(path: Path, text: str) -> None:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="ascii")


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({}, N_CPUS),
        ({"cpu.max": "max 100000"}, N_CPUS),
        ({"cpu.max": "100000 100000"}, 1),
        ({"cpu.max": "50000 100000"}, 1),
        ({"cpu.max": "190000 100000"}, 1),
        ({"cpu.max": "100000000 100000"}, N_CPUS),
        ({"cpu.max": "nonsense"}, N_CPUS),
        ({"pod/cpu.max": "100000 100000", "pod/box/cpu.max": "max 100000"}, 1),
        ({"pod/box/cpu.max": "100000 100000"}, 1),
    ],
)
def test_version_2(tmp_path: Path, limits: dict[str, str], expected: int) -> None:
    """The least of the quotas on the way up; part of a CPU is rounded down, to 1 at least."""
    for name, text in limits.items():
        write(tmp_path / "cgroup" / name, text)
    write(tmp_path / "self", "0::/pod/box\n")
    assert usable_cpus(tmp_path / "cgroup", tmp_path / "self") == expected


@pytest.mark.parametrize("mount", ["cpu", "cpu,cpuacct"])
@pytest.mark.parametrize("group", ["", "docker/abc"])
@pytest.mark.parametrize(("quota", "expected"), [("100000", 1), ("-1", N_CPUS)])
def test_version_1(tmp_path: Path, mount: str, group: str, quota: str, expected: int) -> None:
    """In a container the group's path is the host's, and its files lie at the mount itself."""
    write(tmp_path / "cgroup" / mount / group / "cpu.cfs_quota_us", quota)
    write(tmp_path / "cgroup" / mount / group / "cpu.cfs_period_us", "100000")
    write(tmp_path / "self", f"12:memory:/docker/abc\n4:{mount}:/docker/abc\n")
    assert usable_cpus(tmp_path / "cgroup", tmp_path / "self") == expected


def test_no_control_groups(tmp_path: Path) -> None:
    """Without any, the CPUs that the process may run on count."""
    assert usable_cpus(tmp_path / "none", tmp_path / "none either") == N_CPUS


@pytest.mark.parametrize(("variable", "expected"), [("", 3), ("5", None)])
def test_the_set_up_is_told_unless_the_operator_has_chosen(
    monkeypatch: pytest.MonkeyPatch, variable: str, expected: int | None
) -> None:
    """OMP_NUM_THREADS wins: then the libraries are left as they are."""
    told: list[int | None] = []

    def set_up(config: ComputeConfig, n_threads: int | None) -> Engine:
        told.append(n_threads)
        return Engine(print, None, "cpu", "")

    monkeypatch.setenv("OMP_NUM_THREADS", variable)
    monkeypatch.setattr(child, "usable_cpus", lambda: 3)
    monkeypatch.setattr(child, "import_function", lambda name: set_up)
    child._set_up(ComputeConfig("cpu", "unused", "corpus", 0, "unused"), lambda message: None)
    assert told == [expected]


@pytest.fixture
def two_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Begin with two threads for each library, whatever OMP_NUM_THREADS says, and without a batch at the set-up."""
    before, limits = torch.get_num_threads(), threadpool_limits()
    monkeypatch.setattr(pipeline, "warm_up", lambda encoder, device: None)
    torch.set_num_threads(2)
    threadpool_limits(2)
    yield
    limits.restore_original_limits()
    torch.set_num_threads(before)


def set_up_and_count() -> int:
    """Set the engine up for one thread; give how many torch takes."""
    set_up(ComputeConfig("cpu", "unused", "corpus", 0, DEFAULT_ENGINE), 1)
    return torch.get_num_threads()


@pytest.mark.usefixtures("two_threads")
def test_the_engine_keeps_to_the_threads_it_is_given() -> None:
    """Torch, and the BLAS and OpenMP libraries that are loaded."""
    assert set_up_and_count() == 1
    assert {library["num_threads"] for library in threadpool_info()} == {1}


@pytest.mark.usefixtures("two_threads")
def test_torch_keeps_to_them_from_its_first_use_on() -> None:
    """At its first use in a thread, torch sets OpenMP to its own number, whatever OpenMP was told before."""
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(set_up_and_count).result() == 1
