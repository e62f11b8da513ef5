"""Threads follow the control group's quota, and not only the CPUs of the machine."""

import os
from pathlib import Path

import pytest

from worker.compute.cpus import usable_cpus

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
