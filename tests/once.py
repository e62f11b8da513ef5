"""Set-up that all of pytest-xdist's processes share, done by the first that comes."""

import fcntl
from collections.abc import Callable
from pathlib import Path

import pytest


def once_for_all_processes(name: str, factory: pytest.TempPathFactory, make: Callable[[Path], None]) -> Path:
    """Give a folder that `make` has filled; another process that wants it meanwhile waits, and finds it filled."""
    base = factory.getbasetemp()
    shared = base.parent if base.name.startswith("popen-") else base
    folder, done = shared / name, shared / f"{name}.done"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            folder.mkdir()
            make(folder)
            done.touch()
    return folder
