"""The start of the compute process, and its end with its parent."""

import gc
import multiprocessing
import os
import subprocess
import sys
import time

import pytest

from tests.compute.batches import batch, config
from worker.compute import process as compute_process
from worker.compute.compute import Compute
from worker.errors import (
    ComputeTimedOut,
    EngineFailed,
    ModelUnavailable,
)
from worker.settings import DEFAULT_ENGINE


async def test_a_process_that_is_not_warm_in_time_stops_the_start(
    compute: Compute, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that hangs while it loads is ended; the next start begins a new one."""
    monkeypatch.setattr(compute_process, "START_TIMEOUT_S", 0.01)
    with pytest.raises(ComputeTimedOut, match="start"):
        await compute.start()
    assert compute.pid is None
    monkeypatch.undo()
    await compute.start()
    assert await compute.run(batch(), key="a", timeout_s=60, on_stage=lambda _: None)


@pytest.mark.slow
async def test_a_missing_model_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what to do, and nothing is left running."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    compute = Compute(config(DEFAULT_ENGINE, encoder="nobody/no-such-model"))
    with pytest.raises(ModelUnavailable, match="download it beforehand, or set KEYWORD_ENCODER=corpus"):
        await compute.start()
    assert compute.pid is None


@pytest.mark.slow
async def test_a_missing_gpu_stops_the_start() -> None:
    """DEVICE=cuda:99 is not run on the CPU by stealth."""
    compute = Compute(config(DEFAULT_ENGINE, device="cuda:99"))
    with pytest.raises(ModelUnavailable, match="DEVICE=cuda:99"):
        await compute.start()


async def test_an_engine_that_cannot_be_imported_stops_the_start() -> None:
    """A broken installation is said at once."""
    compute = Compute(config("tests.compute.engines.missing:run"))
    with pytest.raises(EngineFailed, match="ModuleNotFoundError"):
        await compute.start()


@pytest.mark.slow
async def test_the_real_engine_is_warm_and_leaves_nothing() -> None:
    """It runs in the process with its encoder."""
    compute = Compute(config(DEFAULT_ENGINE))
    ready = await compute.start()
    assert (ready.device, ready.encoder, ready.is_fallback) == ("cpu", "corpus", False)
    await compute.close()
    gc.collect()
    assert multiprocessing.active_children() == []


PARENT = """
import asyncio, sys
from tests.compute.batches import batch, config
from worker.compute.compute import Compute
async def main():
    compute = Compute(config())
    await compute.start()
    await compute.run(batch("hangs"), timeout_s=600, on_stage=lambda e: print(compute.pid, flush=True))
if __name__ == "__main__":
    asyncio.run(main())
"""


@pytest.mark.slow
def test_the_process_dies_with_its_parent(tmp_path: object) -> None:
    """Kill -9 of the worker leaves no process at work on the GPU."""
    script = f"{tmp_path}/parent.py"
    with open(script, "w", encoding="utf-8") as file:
        file.write(PARENT)
    environment = os.environ | {"PYTHONPATH": os.getcwd()}
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True, env=environment) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        os.kill(pid, 0)
        parent.kill()
        parent.wait()
    deadline = time.monotonic() + 10
    while _is_running(pid):
        assert time.monotonic() < deadline, "the compute process outlived its parent"
        time.sleep(0.02)


def _is_running(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
