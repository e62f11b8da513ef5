"""The compute process through everything that can happen to it."""

import asyncio
import errno
import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from multiprocessing.connection import Connection

import numpy as np
import pytest
import torch

from tests.compute.batches import batch, config
from tests.compute.engines.faults import SECRET
from worker.compute import process as compute_process
from worker.compute.compute import Compute, ComputeState, Ending
from worker.compute.failures import poisons, summarize
from worker.compute.messages import Done, Ready
from worker.errors import (
    ComputeCancelled,
    ComputeCrashed,
    ComputeError,
    ComputeTimedOut,
    EngineFailed,
    ModelUnavailable,
)
from worker.settings import DEFAULT_ENGINE
from worker.topics.fit import Stage, StageFinished, StageStarted, TopicFit


@pytest.fixture
async def compute() -> AsyncIterator[Compute]:
    """Give a compute process with the engine that does what the first text says."""
    compute = Compute(config())
    yield compute
    await compute.close()
    assert compute.pid is None


async def run(compute: Compute, first_text: str = "succeeds", timeout_s: float = 60) -> TopicFit:
    """Run one batch that ought to succeed."""
    (outcome,) = await compute.run(batch(first_text), timeout_s=timeout_s, on_stage=lambda event: None)
    assert isinstance(outcome, TopicFit)
    return outcome


def pid_of(fit: TopicFit) -> int:
    """Read which process answered."""
    return int(fit.topics[0].keywords[0].removeprefix("pid "))


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


async def test_cancel_stops_the_batch_at_once(compute: Compute) -> None:
    """The reason comes back, the process is gone, the next batch is not hit."""
    started = asyncio.Event()
    running = asyncio.create_task(compute.run(batch("hangs"), timeout_s=60, on_stage=lambda event: started.set()))
    await started.wait()
    compute.cancel("lock lost")
    compute.cancel("again")
    with pytest.raises(ComputeCancelled, match=r"^compute cancelled: lock lost$"):
        await running
    compute.cancel("late")
    assert await run(compute)


async def test_cancel_by_name_hits_no_other_batch(compute: Compute) -> None:
    """The one that runs goes on; the named one is refused when its turn comes."""
    started = asyncio.Event()
    first = asyncio.create_task(
        compute.run(batch("hangs"), timeout_s=60, on_stage=lambda event: started.set(), key="first")
    )
    await started.wait()
    second = asyncio.create_task(compute.run(batch(), timeout_s=60, on_stage=lambda event: None, key="second"))
    compute.cancel("lock lost", "second")
    assert not first.done()
    compute.cancel("removed", "first")
    with pytest.raises(ComputeCancelled, match="removed"):
        await first
    with pytest.raises(ComputeCancelled, match="lock lost"):
        await second
    compute.cancel("too late", "third")
    compute.forget("third")
    (outcome,) = await compute.run(batch(), timeout_s=60, on_stage=lambda event: None, key="third")
    assert isinstance(outcome, TopicFit)


async def test_a_cancelled_task_leaves_no_process_at_work(compute: Compute) -> None:
    """Whoever stops waiting stops the computing too."""
    started = asyncio.Event()
    running = asyncio.create_task(compute.run(batch("hangs"), timeout_s=60, on_stage=lambda event: started.set()))
    await started.wait()
    pid = compute.pid
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_killed_while_idle_is_no_attempt(compute: Compute) -> None:
    """The next batch gets a fresh process and does not fail."""
    pid = pid_of(await run(compute))
    os.kill(pid, signal.SIGKILL)
    while compute.pid is not None:
        await asyncio.sleep(0.01)
    assert pid_of(await run(compute)) != pid


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


async def test_a_cancel_does_not_wait_for_a_check_that_starts_a_process(compute: Compute) -> None:
    """At a shutdown the batch that waits behind it is to be handed back now, not in ten seconds."""
    checking = asyncio.create_task(compute.check())
    while compute.state is not ComputeState.STARTING:
        await asyncio.sleep(0)
    waiting = asyncio.create_task(run(compute, "hangs"))
    await asyncio.sleep(0)
    while not waiting.done():
        compute.cancel("stopping")
        await asyncio.sleep(0.01)
    with pytest.raises(ComputeCancelled, match="stopping"):
        await waiting
    with pytest.raises(ComputeCrashed):
        await checking


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


async def test_a_batch_cancelled_before_its_turn_starts_nothing(compute: Compute) -> None:
    """No process is started for it, and a warm one is not killed."""
    compute.cancel("lock lost", "first")
    with pytest.raises(ComputeCancelled, match="lock lost"):
        await compute.run(batch(), timeout_s=60, on_stage=lambda event: None, key="first")
    assert compute.state is ComputeState.GONE
    warm = pid_of(await run(compute))
    compute.cancel("removed", "second")
    with pytest.raises(ComputeCancelled, match="removed"):
        await compute.run(batch(), timeout_s=60, on_stage=lambda event: None, key="second")
    assert (compute.state, compute.pid) == (ComputeState.IDLE, warm)
    assert pid_of(await run(compute)) == warm
    assert sum(compute.restarts.values()) == 0


async def test_a_batch_can_be_cancelled_while_its_process_is_replaced(compute: Compute) -> None:
    """Between the end of the last process and the start of the next there is nothing to kill, and nothing starts."""
    with pytest.raises(EngineFailed):
        await run(compute, "raises")
    process = compute._upkeep.process
    assert process is not None
    os.kill(compute.pid or 0, signal.SIGKILL)
    while compute.state is not ComputeState.GONE:
        await asyncio.sleep(0.01)
    ends = process.end

    async def end_and_be_cancelled() -> None:
        compute.cancel("stopping")
        await ends()

    process.end = end_and_be_cancelled  # type: ignore[method-assign]
    with pytest.raises(ComputeCancelled, match="stopping"):
        await run(compute)
    assert compute.pid is None


async def test_a_cancel_that_comes_after_the_answer_is_no_crash(compute: Compute) -> None:
    """The result is kept, the next batch has a fresh process, and no crash is counted."""
    await compute.start()
    process = compute._upkeep.process
    assert process is not None
    receive, answered = process._receive, threading.Event()

    def receive_and_note(pipe: Connection) -> object:
        message = receive(pipe)
        if isinstance(message, Done):
            answered.set()
        return message

    def cancel_late(event: StageStarted | StageFinished) -> None:
        if isinstance(event, StageFinished):
            assert answered.wait(60)
            compute.cancel("too late")

    process._receive = receive_and_note  # type: ignore[method-assign, assignment]
    (outcome,) = await compute.run(batch(), timeout_s=60, on_stage=cancel_late)
    assert pid_of(await run(compute)) != pid_of(outcome)
    assert {ending: n for ending, n in compute.restarts.items() if n} == {Ending.CANCELLED: 1}


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
