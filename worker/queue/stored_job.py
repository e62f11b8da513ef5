"""`--job`: a job as Redis holds it, in any state; nothing there is changed."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from redis import exceptions as redis_errors
from redis.asyncio import Redis

from worker.contract.json_text import NotJson, parse_json
from worker.errors import RedisUnusable, UnreadableJob
from worker.queue.connection import connect
from worker.settings import Settings


@dataclass(frozen=True)
class StoredJob:
    """A job of the queue.

    Attributes:
        job_id: as given.
        data: the envelope.
        result: what a worker returned; None where there is none.
        state: one line on how far it got.
    """

    job_id: str
    data: object = field(repr=False)
    result: object = field(repr=False)
    state: str


def read_stored_job(job_id: str, settings: Settings) -> StoredJob:
    """Read a job from the queue of the settings.

    Raises:
        UnreadableJob: there is no such job, or it holds no JSON.
        RedisUnusable: Redis cannot be asked.
    """
    fields = asyncio.run(_fetch(job_id, settings))
    where = f"queue {settings.queue_name} (prefix {settings.bullmq_prefix}) at {settings.redis_address}"
    if not fields.get("data"):
        raise UnreadableJob(
            f"no job {job_id} in {where}: it was removed, or REDIS_URL, BULLMQ_PREFIX or TOPIC_MODEL_QUEUE name another"
        )
    return StoredJob(
        job_id=job_id,
        data=_json(fields["data"], f"the data of job {job_id}"),
        result=_json(fields.get("returnvalue") or "null", f"the result of job {job_id}"),
        state=_state(fields),
    )


async def _fetch(job_id: str, settings: Settings) -> dict[str, str]:
    client: Redis = connect(settings)
    # An argument may be no UTF-8: the bytes are asked for as they were given.
    key = f"{settings.bullmq_prefix}:{settings.queue_name}:{job_id}".encode("utf-8", "surrogateescape")
    names = ["data", "returnvalue", "failedReason", "finishedOn", "processedOn", "atm"]
    try:
        values: list[Any] = await client.hmget(key, names)
    except redis_errors.ResponseError as error:
        if "WRONGTYPE" in str(error):  # an id that is another key of the queue, such as "wait"
            return {}
        raise RedisUnusable(f"Redis at {settings.redis_address} refuses: {str(error)[:200]}") from None
    except (redis_errors.RedisError, OSError) as error:
        raise RedisUnusable(f"Redis at {settings.redis_address} cannot be asked: {type(error).__name__}") from None
    finally:
        await client.aclose()
    return {name: str(value) for name, value in zip(names, values, strict=True) if value is not None}


def _json(text: str, what: str) -> object:
    try:
        return parse_json(text)
    except NotJson as error:
        raise UnreadableJob(f"{what} {error}") from None


def _state(fields: dict[str, str]) -> str:
    n_attempts = fields.get("atm", "0")
    attempts = f" after {n_attempts} attempt{'s' * (n_attempts != '1')}" if n_attempts != "0" else ""
    reason = " ".join(fields.get("failedReason", "").split())[:200]
    # BullMQ leaves the reason of an earlier attempt where a later one succeeds.
    if fields.get("finishedOn") and (fields.get("returnvalue") or not reason):
        return f"completed{attempts}"
    if fields.get("finishedOn"):
        return f"failed{attempts}: {reason}"
    if reason:
        return f"to be tried again{attempts}: {reason}"
    return "running, or given up by its worker" if fields.get("processedOn") else "not yet run"
