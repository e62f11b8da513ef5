"""Train by the queue: the worker embeds the comments and keeps the model; this process only waits."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Final

from bullmq import Job, Queue
from redis.exceptions import RedisError

from worker.analyses.request import DEFAULT_TENANT, Asked
from worker.dashboard.background_work import Board
from worker.dashboard.in_process import Done, NotDone
from worker.errors import RedisUnusable
from worker.jobs.topic_model import TOPIC_MODEL
from worker.queue.cancellation import CANCEL_S, CancelAnswer, cancel
from worker.queue.connection import connect
from worker.queue.unreachable import find_cause
from worker.settings import Settings
from worker.tables.comments import Comments, comments_of
from worker.tables.reading import read_table

_LOOK_S: Final = 0.5
_ENDED: Final = ("completed", "failed")
# A day: whoever shut the page can still look at the job in Bull Board.
_KEPT_S: Final = 24 * 60 * 60


def train_by_queue(asked: Asked, board: Board) -> Done:
    """Add a job and wait for its result.

    Raises:
        UnreadableTable: the file is no table of comments.
        NotDone: the job failed, or was removed.
        RedisUnusable: Redis does not answer.
    """
    comments = comments_of(read_table(asked.path), asked.columns)
    for line in comments.warnings:
        board.warn(line)
    return Done(asyncio.run(_result(_envelope(comments, asked), board)))


def _envelope(comments: Comments, asked: Asked) -> dict[str, Any]:
    items = [{"submissionId": i, "text": text} for i, text in zip(comments.ids, comments.texts, strict=True)]
    return {
        "version": "1.0",
        "type": TOPIC_MODEL.name,
        "model": {"tenant": asked.tenant or DEFAULT_TENANT},
        "params": {**asked.params, "embed_missing": True},
        "items": items,
        "metadata": {"pipelineId": f"dashboard-{uuid.uuid4()}", "runId": "1"},
    }


async def _result(envelope: dict[str, Any], board: Board) -> Mapping[str, Any]:
    settings = Settings.from_environment()
    client = connect(settings)
    queue = Queue(settings.queue_name, {"connection": client, "prefix": settings.bullmq_prefix})
    kept = {"age": _KEPT_S}
    options = {
        "jobId": f"{envelope['metadata']['pipelineId']}--{TOPIC_MODEL.name}",
        "attempts": 3,
        "backoff": {"type": "exponential", "delay": 5_000},
        "removeOnComplete": kept,
        "removeOnFail": kept,
    }
    try:
        job = await queue.add(TOPIC_MODEL.name, envelope, options)
        board.say(f"job {job.id} is in the queue {settings.queue_name}")
        board.doing, board.can_cancel = "waiting for a worker", True
        return await _ended(queue, job.id, board, partial(cancel, job.id, settings, client, wait_s=CANCEL_S))
    except (RedisError, OSError) as error:
        cause = await find_cause(error, settings.redis_url.get_secret_value())
        raise RedisUnusable(
            f"Redis at {settings.redis_address} does not answer: {cause.reason}; {cause.hint}"
        ) from None
    finally:
        await client.aclose()


async def _ended(
    queue: Queue, job_id: str, board: Board, stop: Callable[[], Awaitable[CancelAnswer]]
) -> Mapping[str, Any]:
    while True:
        if board.is_cancelled and board.can_cancel:
            board.can_cancel = False
            await stop()
        job = await Job.fromId(queue, job_id)
        if job is None:
            raise NotDone(f"job {job_id} was {'cancelled' if board.is_cancelled else 'removed from the queue'}")
        state = await queue.getJobState(job_id)
        if state in _ENDED:
            job = await Job.fromId(queue, job_id)
            break
        if isinstance(job.progress, dict):
            _show(board, job.progress)
        await asyncio.sleep(_LOOK_S)
    if state == "failed":
        raise NotDone(f"job {job_id} failed: {job.failedReason}")
    result: Mapping[str, Any] = job.returnvalue
    if result["status"] != "completed":
        raise NotDone(f"failed: {result.get('error') or result.get('reason')}")
    return result


def _show(board: Board, progress: Mapping[str, Any]) -> None:
    """Tell a job's progress, as the contract has it."""
    left_s = progress.get("leftS")
    board.share = min(1.0, float(progress.get("percent", 0)) / 100)
    board.doing = str(progress.get("stage", "")) + ("" if left_s is None else f", about {left_s:.0f} s left")
