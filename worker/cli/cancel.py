"""`python -m worker cancel JOB_ID`: remove a job that waits, or stop one that runs."""

import argparse
import asyncio
from collections.abc import Sequence
from typing import Final

from redis import exceptions as redis_errors

from worker.cli.complaint import complain
from worker.errors import RedisUnusable
from worker.exit_codes import ExitCode
from worker.operations.redis_errors import describe
from worker.queue.cancellation import CANCEL_S, CancelAnswer, cancel
from worker.queue.connection import connect
from worker.queue.unreachable import find_cause
from worker.settings import Settings

_SAID: Final = {
    CancelAnswer.REMOVED: "it waited, and is removed",
    CancelAnswer.STOPPED: 'it is stopped; its result is the failure "Cancelled", and it is not tried again',
    CancelAnswer.ENDED: "it had ended before the request was seen; nothing is changed",
}


def main(argv: Sequence[str]) -> int:
    """Cancel a job; give the exit code.

    Args:
        argv: what stands behind `cancel`.

    Raises:
        RedisUnusable: Redis does not answer, or refuses.
    """
    parser = argparse.ArgumentParser(prog="python -m worker cancel", description=__doc__)
    parser.add_argument("job_id", metavar="JOB_ID", help="such as 7d1e0c2f--topic-model")
    job_id: str = parser.parse_args(argv).job_id
    settings = Settings.from_environment()
    answer = asyncio.run(_cancel(job_id, settings))
    where = f"queue {settings.queue_name} (prefix {settings.bullmq_prefix}) at {settings.redis_address}"
    if answer is CancelAnswer.UNKNOWN:
        complain(f"no job {job_id} in {where}")
        return ExitCode.UNREADABLE
    if answer is CancelAnswer.REQUESTED:
        complain(
            f"job {job_id} runs, and no worker has stopped it within {CANCEL_S:.0f} s; Redis keeps the request for a "
            "day. Look whether its worker runs and reaches Redis"
        )
        return ExitCode.INFRASTRUCTURE
    print(f"job {job_id}: {_SAID[answer]}")
    return ExitCode.COMPLETED


async def _cancel(job_id: str, settings: Settings) -> CancelAnswer:
    client = connect(settings)
    try:
        return await cancel(job_id, settings, client, wait_s=CANCEL_S)
    except redis_errors.ResponseError as error:
        raise RedisUnusable(f"Redis at {settings.redis_address} refused the request: {describe(error)}") from None
    except (redis_errors.RedisError, OSError) as error:
        cause = await find_cause(error, settings.redis_url.get_secret_value())
        reason = f"{cause.reason}; {cause.hint}"
        raise RedisUnusable(f"Redis at {settings.redis_address} does not answer: {reason}") from None
    finally:
        await client.aclose()
