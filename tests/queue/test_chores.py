"""What is done beside the jobs: outages in silence, lasting errors once."""

import asyncio
from collections.abc import Iterable

import pytest
from redis import exceptions as redis_errors
from structlog.testing import capture_logs

from worker.queue.chores import repeat

DENIED = redis_errors.NoPermissionError("this user has no permissions to run the 'lrange' command")


async def lines_of(errors: Iterable[Exception]) -> list[dict[str, object]]:
    """Repeat a chore that raises these errors in turn; give what is logged above DEBUG."""
    left, over = list(errors), asyncio.Event()

    async def act() -> None:
        if left:
            raise left.pop(0)
        over.set()

    with capture_logs() as lines:
        task = asyncio.create_task(repeat("a chore", act, 0.001))
        await asyncio.wait_for(over.wait(), 30)
        task.cancel()
    return [line for line in lines if line["log_level"] != "debug"]


async def test_a_lasting_error_is_told_of_once_for_each_kind() -> None:
    """A missing permission would be repeated every two seconds, for ever."""
    wrong = redis_errors.ResponseError("WRONGTYPE Operation against a key holding the wrong kind of value")
    lines = await lines_of([DENIED, DENIED, wrong, DENIED, wrong])
    assert [line["event"] for line in lines] == ["housekeeping_failed"] * 2
    assert "no permissions" in str(lines[0]["reason"])
    assert "WRONGTYPE" in str(lines[1]["reason"])
    assert all(line["chore"] == "a chore" and line["hint"] for line in lines)


@pytest.mark.parametrize(
    "error",
    [
        redis_errors.ConnectionError("gone"),
        redis_errors.TimeoutError("silent"),
        OSError("no route"),
        redis_errors.BusyLoadingError("loading"),
        redis_errors.ResponseError("NOREPLICAS Not enough good replicas to write."),
    ],
)
async def test_an_outage_is_waited_out_in_silence(error: Exception) -> None:
    """Other lines tell of it."""
    assert await lines_of([error] * 3) == []
