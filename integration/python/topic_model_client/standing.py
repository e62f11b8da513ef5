"""A pipeline's job that stands already: used if it holds the same batch, run anew if it failed, else replaced."""

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from bullmq import Queue
from redis.asyncio import Redis

from topic_model_client.errors import FlowConflict, JobConflict

# An option of the job, which can be read without the batch; BullMQ keeps options that it does not know.
MARK: Final = "topicModelClient"
# All that decides about the result, and the ids.
_CONTENT: Final = ("type", "params", "previous", "model", "metadata")


@dataclass(frozen=True)
class Mark:
    """What this client adds to a job's options.

    Attributes:
        content: SHA-256 of all that decides about the result, and of the ids.
        call: one call of `enqueue`.
    """

    content: str
    call: str

    def options(self) -> dict[str, Any]:
        """Give it as an option of a job."""
        return {MARK: asdict(self)}


def mark_of(envelope: Mapping[str, Any]) -> Mark:
    """Mark an envelope."""
    digest = hashlib.sha256(_canonical({name: envelope.get(name) for name in _CONTENT}))
    for item in envelope["items"]:
        digest.update(b"\n" + _canonical(item))
    return Mark(digest.hexdigest(), uuid.uuid4().hex)


async def make_way(queue: Queue, client: Redis, job_id: str, mark: Mark) -> None:
    """Remove the job of this id unless it may be used for a batch: it holds the same one, and has not failed.

    Raises:
        JobConflict: it holds another batch, and a worker has it.
        FlowConflict: it holds another batch, is a flow's child, and has not ended.
    """
    state = await queue.getJobState(job_id)
    if state == "unknown":
        return
    key = queue.toKey(job_id)
    options, returned, parent = await client.hmget(key, ["opts", "returnvalue", "parentKey"])
    is_same = _read(options).get("content") == mark.content
    has_failed = state == "failed" or (state == "completed" and _is_rejected(returned))
    if is_same and not has_failed:
        return
    if state not in {"completed", "failed"} and parent:
        # BullMQ would let its parent go on without a result.
        raise FlowConflict(job_id, f"job {job_id} holds another batch, is a flow's child, and {state}")
    # 0 means that a worker has the job.
    if not await queue.remove(job_id) and not is_same:
        raise _conflict(job_id, "runs")


async def is_reused(queue: Queue, client: Redis, job_id: str, mark: Mark) -> bool:
    """Tell whether the job that Redis holds was added by an earlier call.

    Raises:
        JobConflict: another caller has added another batch meanwhile.
    """
    options = await client.hget(queue.toKey(job_id), "opts")
    # It has ended already, and is not kept.
    if options is None:
        return False
    if _read(options).get("content") != mark.content:
        raise _conflict(job_id, "was enqueued at the same time")
    return _read(options).get("call") != mark.call


def _is_rejected(returned: str | bytes | None) -> bool:
    value = json.loads(returned) if returned else None
    return isinstance(value, dict) and value.get("status") == "failed"


def _read(options: str | bytes | None) -> Mapping[str, str]:
    mark = json.loads(options or "{}").get(MARK)
    return mark if isinstance(mark, dict) else {}


def _conflict(job_id: str, why: str) -> JobConflict:
    return JobConflict(
        job_id, f"job {job_id} holds another batch and {why}: wait for it, cancel it, or take another id"
    )


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
