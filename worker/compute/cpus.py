"""How many CPUs this process may use: the CPUs that it may run on, and the quota of its control group."""

import os
from collections.abc import Iterator
from pathlib import Path

_CONTROL_GROUPS = Path("/sys/fs/cgroup")
_MEMBERSHIP = Path("/proc/self/cgroup")


def usable_cpus(root: Path = _CONTROL_GROUPS, membership: Path = _MEMBERSHIP) -> int:
    """Give the number of threads that can run at the same time, at least 1.

    A quota of 2.5 CPUs counts as 2: a third thread would use the quota up early, and then all three stand still.

    Args:
        root: the folder of the control groups.
        membership: says which of them this process is in.
    """
    n_cpus = float(len(os.sched_getaffinity(0)))
    return max(1, int(min([n_cpus, *_quotas(root, membership)])))


def _quotas(root: Path, membership: Path) -> Iterator[float]:
    """Give each quota that holds, in CPUs: of the own group and of those around it."""
    for line in _read(membership).splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "":  # version 2
            for group in _and_parents(root, path):
                quota, _, period = _read(group / "cpu.max").partition(" ")
                yield from _quota(quota, period)
        elif "cpu" in controllers.split(","):  # version 1
            for mount in (root / controllers, root / "cpu"):
                for group in _and_parents(mount, path):
                    yield from _quota(_read(group / "cpu.cfs_quota_us"), _read(group / "cpu.cfs_period_us"))


def _and_parents(mount: Path, path: str) -> Iterator[Path]:
    # In a container the path may be the host's, which is not mounted here: then only the mount itself has a quota.
    group = mount / path.strip("/")
    yield group
    while group != mount:
        group = group.parent
        yield group


def _quota(quota: str, period: str) -> Iterator[float]:
    try:
        cpus = int(quota) / int(period)
    except (ValueError, ZeroDivisionError):  # "max", or no such file
        return
    if cpus > 0:  # -1 is no quota
        yield cpus


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
