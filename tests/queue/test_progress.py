"""Progress never keeps a job."""

import asyncio
import contextlib

import pytest

from worker.queue import progress
from worker.queue.progress import _bounded


async def test_a_write_that_swallows_its_cancellation_is_left_behind() -> None:
    """redis-py does that while it connects; `asyncio.wait_for` waits for it from Python 3.12 on."""
    released = asyncio.Event()

    async def stubborn() -> None:
        while not released.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await released.wait()

    task = asyncio.create_task(stubborn())
    with pytest.raises(TimeoutError):
        await _bounded(task, 0.01)
    assert not task.done()
    released.set()
    await task


async def test_what_a_write_raises_is_passed_on() -> None:
    """In time, it is as if it were awaited."""

    async def breaks() -> None:
        raise KeyError(progress.WRITE_TIMEOUT_S)

    with pytest.raises(KeyError):
        await _bounded(asyncio.create_task(breaks()), 10)
