"""The compute process between two batches: how it is, and when it is replaced."""

import asyncio
import os
import signal
import time

import pytest

from tests.compute.batches import batch, config
from tests.compute.runs import pid_of, run
from worker.compute import process as compute_process
from worker.compute.compute import Compute, ComputeState, Ending
from worker.compute.messages import Ready
from worker.errors import (
    ComputeCrashed,
    ComputeTimedOut,
)


async def test_killed_while_idle_is_no_attempt(compute: Compute) -> None:
    """The next batch gets a fresh process and does not fail."""
    pid = pid_of(await run(compute))
    os.kill(pid, signal.SIGKILL)
    while compute.pid is not None:
        await asyncio.sleep(0.01)
    assert pid_of(await run(compute)) != pid


async def test_an_idle_process_tells_how_it_is(compute: Compute) -> None:
    """What only it knows, for the metrics."""
    await compute.check()
    assert compute.state is ComputeState.IDLE
    assert compute.vitals is not None
    assert compute.resident_bytes > 10_000_000
    assert (compute.vitals.cache_hits, compute.vitals.cuda_reserved_bytes) == (0, None)


async def test_a_process_killed_while_idle_is_replaced_before_a_batch_comes(compute: Compute) -> None:
    """The check finds it gone and warms a fresh one up."""
    await compute.start()
    killed = compute.pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    while compute.state is not ComputeState.GONE:
        await asyncio.sleep(0.01)
    await compute.check()
    assert compute.state is ComputeState.IDLE
    assert compute.pid not in {killed, None}
    assert compute.restarts[Ending.CRASHED] == sum(compute.restarts.values()) == 1


async def test_the_next_process_is_not_blamed_for_the_silence_of_the_last(compute: Compute) -> None:
    """From a batch that was silent until its deadline to the next warm process, silence is counted anew."""

    def be_silent(event: object = None) -> None:
        compute._upkeep.last_sign_s = time.monotonic() - 600

    await compute.start()
    with pytest.raises(ComputeTimedOut):
        await compute.run(batch("hangs"), timeout_s=1, on_stage=be_silent)
    assert compute.state is ComputeState.GONE
    assert compute.silent_s < 60
    be_silent()
    warming = asyncio.create_task(compute.check())
    while compute.state is not ComputeState.STARTING:
        await asyncio.sleep(0.001)
    assert compute.silent_s < 60
    await warming


async def test_a_process_that_hangs_while_idle_is_replaced(compute: Compute, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked, says nothing, and is killed; a fresh one takes its place."""
    monkeypatch.setattr(compute_process, "ANSWER_TIMEOUT_S", 0.3)
    await compute.start()
    hangs = compute.pid
    assert hangs is not None
    os.kill(hangs, signal.SIGSTOP)
    await compute.check()
    assert compute.state is ComputeState.GONE
    await run(compute)
    assert compute.pid not in {hangs, None}


async def test_a_check_waits_while_a_batch_runs(compute: Compute) -> None:
    """It neither disturbs the batch nor is answered by it."""
    await compute.start()
    running = asyncio.create_task(run(compute))
    await asyncio.sleep(0)
    await compute.check()
    assert running.done()
    assert pid_of(await running) == compute.pid


async def test_each_warm_process_is_told_of() -> None:
    """The first, and the fresh one after a crash: it may have come up on something else."""
    told: list[Ready] = []
    compute = Compute(config(), told.append)
    await compute.start()
    with pytest.raises(ComputeCrashed):
        await run(compute, "crashes")
    await run(compute)
    await compute.close()
    assert [ready.device for ready in told] == ["cpu", "cpu"]
