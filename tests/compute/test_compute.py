"""A batch in the compute process: what crosses, what it costs if the process is lost, and when it is renewed."""

import asyncio
import errno
import os

import numpy as np
import pytest
import torch

from tests.compute.batches import batch, config
from tests.compute.engines.faults import SECRET
from tests.compute.runs import pid_of, run
from worker.compute.compute import Compute, ComputeState, Ending
from worker.compute.failures import poisons, summarize
from worker.errors import (
    ComputeCrashed,
    ComputeError,
    ComputeTimedOut,
    EngineFailed,
)
from worker.topics.fit import Stage, StageFinished, StageStarted, TopicFit


async def test_arrays_cross_unchanged(compute: Compute) -> None:
    """The child sees the very numbers, and answers with arrays."""
    fit = await run(compute)
    assert fit.topics[0].keywords[1] == f"sum {20 * 768 * 0.25:.3f}"
    assert fit.labels.dtype == np.int64
    assert fit.probabilities.dtype == np.float32


async def test_stages_are_told_on_the_event_loop(compute: Compute) -> None:
    """Each stage is reported as it begins and ends."""
    events: list[StageStarted | StageFinished] = []
    await compute.run(batch(), timeout_s=60, on_stage=events.append)
    assert events == [StageStarted(Stage.REDUCE), StageFinished(Stage.REDUCE, 0.01, {"device": "cpu"})]


async def test_one_warm_process_serves_all(compute: Compute) -> None:
    """No new process between batches that went well."""
    assert pid_of(await run(compute)) == pid_of(await run(compute)) != os.getpid()


@pytest.mark.parametrize(
    ("first_text", "message"),
    [
        ("crashes", "compute process died of SIGSEGV in stage reduce"),
        ("is_killed", "compute process died of SIGKILL (killed: out of memory?) in stage reduce"),
        ("exits", "compute process exited with code 7 in stage reduce"),
        ("runs_out_of_memory", "out of memory (MemoryError) in stage reduce"),
        ("loses_the_gpu", "CUDA error (RuntimeError) in stage reduce"),
    ],
)
async def test_a_lost_process_costs_one_attempt(compute: Compute, first_text: str, message: str) -> None:
    """The reason is readable, and the next batch runs in a fresh process."""
    before = pid_of(await run(compute))
    with pytest.raises(ComputeError) as raised:
        await run(compute, first_text)
    assert str(raised.value) == message
    assert pid_of(await run(compute)) != before


@pytest.mark.cuda
async def test_a_real_cuda_error_costs_the_process(compute: Compute) -> None:
    """A failed kernel poisons the process: told as a CUDA error, and the next batch runs in a fresh one."""
    before = pid_of(await run(compute))
    with pytest.raises(EngineFailed, match=r"^CUDA error") as raised:
        await run(compute, "breaks_the_gpu")
    assert raised.value.poisoned
    assert pid_of(await run(compute)) != before


async def test_an_exception_costs_no_process(compute: Compute) -> None:
    """Failed is not broken; the message names type and place, never the data."""
    before = pid_of(await run(compute))
    with pytest.raises(EngineFailed) as raised:
        await run(compute, "raises")
    assert str(raised.value) == "ValueError in stage reduce"
    assert SECRET not in str(raised.value)
    assert pid_of(await run(compute)) == before


@pytest.mark.parametrize("first_text", ["hangs", "holds_the_gil"])
async def test_a_batch_over_its_deadline_is_killed(compute: Compute, first_text: str) -> None:
    """Even if it holds the GIL; the message says how long and where."""
    await compute.start()
    with pytest.raises(ComputeTimedOut, match=r"^timed out after 300 ms in stage reduce$"):
        await run(compute, first_text, timeout_s=0.3)
    assert await run(compute)


async def test_the_loop_turns_while_the_engine_holds_the_gil(compute: Compute) -> None:
    """The parent never waits for the child synchronously."""
    await compute.start()
    running = asyncio.create_task(run(compute, "holds_the_gil", timeout_s=2))
    turns = 0
    while not running.done():
        await asyncio.sleep(0.01)
        turns += 1
    assert isinstance(running.exception(), ComputeTimedOut)
    assert turns > 50


async def test_batches_wait_for_their_turn(compute: Compute) -> None:
    """Two at once run one after the other in the one process."""
    first, second = await asyncio.gather(run(compute), run(compute))
    assert pid_of(first) == pid_of(second)


async def test_a_process_is_renewed_after_max_jobs() -> None:
    """What it may have leaked goes with it."""
    compute = Compute(config(max_jobs=2))
    pids = [pid_of(await run(compute)) for _ in range(5)]
    await compute.close()
    assert [pids[0] == pids[1], pids[1] == pids[2], pids[2] == pids[3]] == [True, False, True]


async def test_a_large_batch_crosses_while_the_loop_turns(compute: Compute) -> None:
    """60 MB of embeddings block nothing but a thread."""
    (outcome,) = await compute.run(batch(n=20_000), timeout_s=60, on_stage=lambda event: None)
    assert isinstance(outcome, TopicFit)
    assert outcome.topics[0].size == 20_000


async def test_a_message_that_cannot_be_read_costs_the_process(compute: Compute) -> None:
    """Nothing more that it says could be trusted; the next batch has a fresh one."""
    with pytest.raises(ComputeCrashed):
        await asyncio.wait_for(run(compute, "babbles"), 60)
    await run(compute)


@pytest.mark.parametrize(("device", "poisoned"), [("cuda:0", True), ("cpu", False)])
def test_a_runtime_error_on_a_gpu_may_be_cuda_s(device: str, poisoned: bool) -> None:
    """CuDNN and cuBLAS do not name CUDA."""
    assert poisons(RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"), device) == poisoned


def test_torch_out_of_memory_on_the_cpu_is_told_as_that() -> None:
    """Torch raises a plain RuntimeError, which looks like a bug; the process must not be used again."""
    with pytest.raises(RuntimeError) as raised:
        torch.empty(10**15)
    assert summarize(raised.value).startswith("out of memory (RuntimeError)")
    assert poisons(raised.value, "cpu")


@pytest.mark.parametrize("error", [MemoryError(), OSError(errno.ENOMEM, "mmap"), RuntimeError("std::bad_alloc")])
def test_other_ways_to_run_out_of_memory(error: Exception) -> None:
    """As numpy, the system and C++ say it."""
    assert summarize(error).startswith("out of memory")
    assert poisons(error, "cpu")


async def test_a_process_retires_after_its_result_was_handed_over() -> None:
    """The result does not wait for the old process to end, and the next process is warm before a job needs it."""
    compute = Compute(config(max_jobs=1))
    try:
        first = pid_of(await run(compute))
        assert compute.pid == first
        while compute.pid == first or compute.state is not ComputeState.IDLE:
            await asyncio.sleep(0.01)
        warm = compute.pid
        assert pid_of(await run(compute)) == warm
    finally:
        await compute.close()
    assert compute.restarts[Ending.RETIRED] == sum(compute.restarts.values())


async def test_each_batch_begins_with_the_same_seeds(compute: Compute) -> None:
    """What a library draws from the global generators does not depend on the batches before."""
    first, second = await run(compute, "draws"), await run(compute, "draws")
    assert first.topics[0].keywords == second.topics[0].keywords
