"""What a process that a test starts inherits: the machine's paths, its share of the cores, and coverage's switch."""

import os
from typing import Final

_INHERITED: Final = ("PATH", "HOME", "LANG", "PYTHONPATH", "OMP_NUM_THREADS", "COVERAGE_PROCESS_CONFIG")


def clean_environment(**variables: str) -> dict[str, str]:
    """Give an environment without the settings of whoever runs the tests, and with these variables."""
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return inherited | {"PYTHON_DOTENV_DISABLED": "1"} | variables


def is_measured() -> bool:
    """Tell whether coverage measures the processes: one that is killed at once would not save what it measured."""
    return "COVERAGE_PROCESS_CONFIG" in os.environ


def share_the_cores() -> None:
    """Let each of pytest-xdist's processes use its share of the cores; numpy and torch read it as they are imported."""
    n_processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if n_processes > 1:
        n_threads = max(1, len(os.sched_getaffinity(0)) // n_processes)
        os.environ.setdefault("OMP_NUM_THREADS", str(n_threads))
