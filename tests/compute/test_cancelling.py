"""A batch that is cancelled, before its turn, while it runs, or too late."""

import asyncio
import os
import signal
import threading
from multiprocessing.connection import Connection

import pytest

from tests.compute.batches import batch
from tests.compute.runs import pid_of, run
from worker.compute.compute import Compute, ComputeState, Ending
from worker.compute.messages import Done
from worker.errors import (
    ComputeCancelled,
    ComputeCrashed,
    EngineFailed,
)
from worker.topics.fit import StageFinished, StageStarted, TopicFit


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
