"""What the engine's tests share."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.processes import PROJECT
from tests.once import once_for_all_processes
from tests.small_model import small_model

# The hash seed and the number of threads of each.
COLD_PROCESSES = (("0", "1"), ("7", "2"))


@pytest.fixture(scope="session")
def real_model() -> str:
    """Give the path of a real, small model."""
    return str(small_model())


@pytest.fixture(scope="session")
def cold_processes(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Run two fresh processes that differ in hash seed and threads, once for all tests; give what each told."""
    folder = once_for_all_processes("cold_processes", tmp_path_factory, _run_cold_processes)
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.iterdir())]


def _run_cold_processes(folder: Path) -> None:
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    for hash_seed, threads in COLD_PROCESSES:
        run = subprocess.run(
            [sys.executable, "-m", "tests.topics.cold_start"],
            cwd=PROJECT,
            env=os.environ | dict.fromkeys(names, threads) | {"PYTHONHASHSEED": hash_seed, "HF_HUB_OFFLINE": "1"},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=300,
        )
        (folder / f"{hash_seed}.json").write_text(run.stdout, encoding="utf-8")
