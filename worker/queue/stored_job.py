"""`--job`: read a job as Redis holds it, in any state; nothing is changed."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from redis import exceptions as redis_errors
from redis.asyncio import Redis

from worker.contract.json_text import NotJson, parse_json
from worker.contract.shed_data import why_shed
from worker.errors import RedisUnusable, UnreadableJob
from worker.operations.redis_errors import describe, hint_for, word_of
from worker.queue.connection import connect
from worker.queue.unreachable import find_cause
from worker.settings import Settings


@dataclass(frozen=True)
class StoredJob:
    """A job of the queue.

    Attributes:
        job_id: as given.
        data: the envelope.
        result: what a worker returned; None if there is no result.
        state: one line on how far the job got.
    """

    job_id: str
    data: object = field(repr=False)
    result: object = field(repr=False)
    state: str

    def envelope(self) -> object:
        """Give the data of a job that can be computed again.

        Raises:
            UnreadableJob: its embeddings left Redis.
        """
        if (why := why_shed(self.data)) is not None:
            raise UnreadableJob(f"job {self.job_id} cannot be replayed: {why}, or replay it from a file: --once FILE")
        return self.data


def read_stored_job(job_id: str, settings: Settings) -> StoredJob:
    """Read a job from the queue of the settings.

    Raises:
        UnreadableJob: there is no such job, or its data are not JSON.
        RedisUnusable: Redis does not answer, or refuses.
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
    # The argument may not be UTF-8: Redis is asked for its bytes as they were given.
    key = f"{settings.bullmq_prefix}:{settings.queue_name}:{job_id}".encode("utf-8", "surrogateescape")
    names = ["data", "returnvalue", "failedReason", "finishedOn", "processedOn", "atm"]
    try:
        values: list[Any] = await client.hmget(key, names)
    except redis_errors.ResponseError as error:
        if word_of(error) == "WRONGTYPE":  # the id is another key of the queue, such as "wait"
            return {}
        hint = hint_for(error)
        raise RedisUnusable(
            f"Redis at {settings.redis_address} refused the question: {describe(error)}{f'; {hint}' if hint else ''}"
        ) from None
    except (redis_errors.RedisError, OSError) as error:
        cause = await find_cause(error, settings.redis_url.get_secret_value())
        raise RedisUnusable(
            f"Redis at {settings.redis_address} does not answer: {cause.reason}; {cause.hint}"
        ) from None
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
    # BullMQ keeps the reason of an earlier attempt if a later one succeeds.
    if fields.get("finishedOn") and (fields.get("returnvalue") or not reason):
        return f"completed{attempts}"
    if fields.get("finishedOn"):
        return f"failed{attempts}: {reason}"
    if reason:
        return f"to be tried again{attempts}: {reason}"
    return "running, or its worker is gone" if fields.get("processedOn") else "not yet run"
