"""Record how a job ended: tried again while Redis is away, never over another worker's claim."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import structlog
from bullmq import UnrecoverableError
from redis.exceptions import RedisError, ResponseError

from worker.contract.result import Document
from worker.errors import WorkerError
from worker.operations.redis_errors import describe, is_passing
from worker.queue import backoff
from worker.queue.claim import Claim

# Give up after this many refusals. Outages (no answer, or an answer that passes) do not count.
MAX_REFUSALS = 8
# Raised while a value is encoded: the next try would raise the same.
UNSENDABLE = (ArithmeticError, MemoryError, RecursionError, ValueError)

log = structlog.get_logger()


class DeliveryRefused(WorkerError):
    """Redis does not take this value, and waiting does not help."""


async def deliver(claim: Claim, document: Document) -> bool:
    """Store a result in Redis.

    While Redis is away, or answers that it cannot write now, the result is kept and tried again for
    as long as the lock is ours or can be taken again.

    Returns:
        True if it is stored, False if another worker owns the job or the job was removed.

    Raises:
        DeliveryRefused: Redis answers and refuses the value.
    """
    # As BullMQ writes it, so that a stored value can be compared by its bytes.
    payload = json.dumps(document, separators=(",", ":"), allow_nan=False)
    return await _record(
        claim, lambda: claim.complete(document), lambda: claim.is_completed(payload), event="delivery_retried"
    )


async def record_failure(claim: Claim, reason: str, *, for_good: bool = False) -> bool:
    """Record a failed attempt with the care that a result gets.

    Args:
        claim: on the job.
        reason: one line, which becomes the job's `failedReason`.
        for_good: whether no attempt is left, whatever the job's options say.

    Returns:
        True if it is recorded, False if another worker owns the job or the job was removed.

    Raises:
        DeliveryRefused: Redis answers and refuses even the shortest way to fail the job.
    """

    async def fail() -> None:
        try:
            await claim.fail(reason, for_good=for_good)
        except ResponseError as error:
            if is_passing(error):
                raise
            # The script broke on what the job holds, maybe half way through: it would break again.
            raise DeliveryRefused(f"BullMQ's script cannot fail this job: {describe(error)}") from None

    async def is_failed() -> bool:
        return await claim.is_failed(reason)

    try:
        return await _record(claim, fail, is_failed, event="failure_record_retried")
    except DeliveryRefused as error:
        log.warning("job_given_up", reason=str(error))
        return await _record(claim, lambda: claim.give_up(reason), is_failed, event="failure_record_retried")


async def _record(
    claim: Claim, write: Callable[[], Awaitable[None]], has_arrived: Callable[[], Awaitable[bool]], *, event: str
) -> bool:
    """Write until it is written (True), the job is lost (False), or Redis refuses for good (raises)."""
    backoff_s, refusals = backoff.DELIVERY_BASE_S, 0
    while True:
        is_refusal = True
        try:
            try:
                await write()
                return True
            except (TypeError, UnrecoverableError) as error:  # BullMQ's words for an answer of its script
                reason = str(error)
                if await has_arrived():
                    return True
                if not await claim.renew():
                    return False
        except (RedisError, OSError) as error:
            reason = describe(error)
            is_refusal = not await claim.is_outage(error)
        except DeliveryRefused:
            raise
        except UNSENDABLE as error:
            raise DeliveryRefused(f"the job's end cannot be sent to Redis: {type(error).__name__}") from None
        except Exception as error:  # noqa: BLE001
            # A client's bug, as when a connection closes at the wrong moment: the result is worth another try.
            reason = type(error).__name__
        refusals += is_refusal
        if refusals >= MAX_REFUSALS:
            raise DeliveryRefused(f"Redis refused the result: {reason}")
        log.warning(event, reason=reason, retry_in_s=round(backoff_s, 1))
        await asyncio.sleep(backoff_s)
        backoff_s = min(2 * backoff_s, backoff.DELIVERY_CAP_S)
