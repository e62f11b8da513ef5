"""Tell health how BullMQ's pick-ups go: BullMQ itself tells of neither their success nor an outage."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from bullmq import Worker
from redis.exceptions import ResponseError

from worker.operations.pick_up_health import PickUps
from worker.operations.redis_errors import describe

# The script that takes a job, and the blocking read that waits for one.
STEPS: Final = ("moveToActive", "waitForJob")


def watch_pick_ups(worker: Worker, pick_ups: PickUps) -> None:
    """Have each step of the worker's pick-ups noted; what a step returns or raises stays as it is."""
    for step in STEPS:
        setattr(worker.backend, step, _watched(step, getattr(worker.backend, step), pick_ups))


def _watched(step: str, call: Callable[..., Awaitable[Any]], pick_ups: PickUps) -> Callable[..., Awaitable[Any]]:
    async def watched(*arguments: Any, **options: Any) -> Any:
        pick_ups.on_asked(step)
        try:
            result = await call(*arguments, **options)
        except ResponseError as error:
            pick_ups.on_refused(step, describe(error))
            raise
        except BaseException:
            pick_ups.on_unanswered(step)
            raise
        pick_ups.on_answered(step)
        return result

    return watched
