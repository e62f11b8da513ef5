"""Enqueues batches for the topic-model worker and waits for their results."""

import asyncio
import json
import time
from typing import Any, Final, Self, cast, overload

from bullmq import Queue
from redis.asyncio import Redis

from topic_model_client.answers import CancelAnswer, Enqueued, Found, Progress, checked
from topic_model_client.envelope import Batch, Kind, TopicKind, TuneKind, envelope_of, job_id_of
from topic_model_client.errors import (
    Cancelled,
    InfrastructureFailure,
    JobRemoved,
    RedisTimeout,
    WaitTimeout,
)
from topic_model_client.results import Result, TuneResult
from topic_model_client.standing import is_reused, make_way, mark_of

DAY_S: Final = 24 * 60 * 60
# Enough for three attempts of five minutes, the backoff between them, and other jobs before them.
WAIT_S: Final = 30 * 60.0
# Enough for a batch of 95 MB over a slow network.
ENQUEUE_S: Final = 30.0
KEPT_JOBS: Final = 30
KEPT_EVENTS: Final = 1000
# How often a waited-for job is looked at: first often, then once a second.
_FIRST_LOOK_S, _LOOK_S = 0.05, 1.0


class TopicModelClient:
    """A producer of jobs for the topic-model worker; `async with` closes its connections."""

    def __init__(
        self,
        redis_url: str,
        *,
        prefix: str = "bull",
        queue_name: str = "topic-model",
        keep_completed_s: int = DAY_S,
        keep_failed_s: int = 7 * DAY_S,
        enqueue_timeout_s: float = ENQUEUE_S,
    ) -> None:
        """Take where the worker's queue is; nothing is sent yet.

        Args:
            redis_url: the worker's REDIS_URL.
            prefix: the worker's BULLMQ_PREFIX.
            queue_name: the worker's TOPIC_MODEL_QUEUE.
            keep_completed_s: for how long Redis keeps a completed job; of these the newest 30 at most.
            keep_failed_s: for how long Redis keeps a failed job; of these the newest 30 at most.
            enqueue_timeout_s: how long `enqueue` waits for Redis at most.
        """
        self._client: Redis = Redis.from_url(redis_url, decode_responses=True)
        self._queue = Queue(queue_name, {"connection": self._client, "prefix": prefix})
        self._enqueue_timeout_s = enqueue_timeout_s
        self._options = {
            "attempts": 3,
            "backoff": {"type": "exponential", "delay": 5000},
            "removeOnComplete": {"age": keep_completed_s, "count": KEPT_JOBS},
            "removeOnFail": {"age": keep_failed_s, "count": KEPT_JOBS},
        }

    async def __aenter__(self) -> Self:
        """Give the client."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connections."""
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def enqueue(
        self, batch: Batch, pipeline_id: str, run_id: str | None = None, *, kind: Kind = "topic-model"
    ) -> Enqueued:
        """Add the job of a pipeline.

        If Redis already holds it with the same items, parameters and ids, that job is used, unless it has failed, for
        good or by the contract. A job with another batch is replaced.

        Raises:
            JobConflict: the job holds another batch, and a worker has it.
            FlowConflict: the job holds another batch, is a flow's child, and has not ended.
            RedisTimeout: Redis has not answered in time.
            RedisError: Redis is away, or refuses.
        """
        job_id = job_id_of(pipeline_id, kind)
        # In a thread: to pack 10,000 embeddings takes seconds.
        envelope = await asyncio.to_thread(envelope_of, batch, pipeline_id, run_id, kind)
        mark = await asyncio.to_thread(mark_of, envelope)
        try:
            async with asyncio.timeout(self._enqueue_timeout_s):
                await make_way(self._queue, self._client, job_id, mark)
                # The event of a completed job holds its whole result; BullMQ's own default keeps 10,000 events.
                await self._client.hset(self._queue.toKey("meta"), "opts.maxLenEvents", str(KEPT_EVENTS))
                # BullMQ ignores the add of a job that Redis holds.
                options = {"jobId": job_id, **self._options, **mark.options()}
                await self._queue.add("topic-model", envelope, options)
                return Enqueued(job_id, await is_reused(self._queue, self._client, job_id, mark))
        except TimeoutError:
            limit = f"Redis has not answered within {self._enqueue_timeout_s:g} s"
            raise RedisTimeout(job_id, f"job {job_id} may not be enqueued: {limit}") from None

    @overload
    async def await_result(
        self, pipeline_id: str, timeout_s: float = WAIT_S, *, kind: TopicKind = "topic-model"
    ) -> Result: ...
    @overload
    async def await_result(self, pipeline_id: str, timeout_s: float = WAIT_S, *, kind: TuneKind) -> TuneResult: ...
    async def await_result(
        self, pipeline_id: str, timeout_s: float = WAIT_S, *, kind: Kind = "topic-model"
    ) -> Result | TuneResult:
        """Wait until a pipeline's job has ended, and give its result; needs nothing that `enqueue` gave.

        A batch whose data is at fault gives a result with `status: "failed"`.

        Raises:
            InfrastructureFailure: the last attempt has failed.
            WaitTimeout: the job has not ended in time.
            Cancelled: the job was cancelled while it ran.
            JobRemoved: there is no such job.
            UnexpectedResult: the job has returned something else.
            RedisError: Redis is away, or refuses.
        """
        job_id = job_id_of(pipeline_id, kind)
        result = checked(job_id, kind, await self._ended(job_id, timeout_s))
        if result["status"] == "failed" and result["error"] == "Cancelled":
            raise Cancelled(job_id, f"job {job_id} was cancelled")
        return result

    @overload
    async def run(
        self,
        batch: Batch,
        pipeline_id: str,
        run_id: str | None = None,
        *,
        timeout_s: float = WAIT_S,
        kind: TopicKind = "topic-model",
    ) -> Result: ...
    @overload
    async def run(
        self,
        batch: Batch,
        pipeline_id: str,
        run_id: str | None = None,
        *,
        timeout_s: float = WAIT_S,
        kind: TuneKind,
    ) -> TuneResult: ...
    async def run(
        self,
        batch: Batch,
        pipeline_id: str,
        run_id: str | None = None,
        *,
        timeout_s: float = WAIT_S,
        kind: Kind = "topic-model",
    ) -> Result | TuneResult:
        """Enqueue a batch and wait for its result; raises what `enqueue` and `await_result` raise."""
        await self.enqueue(batch, pipeline_id, run_id, kind=kind)
        # The overloads take one kind or the other, and this is either.
        await_result: Any = self.await_result
        result: Result | TuneResult = await await_result(pipeline_id, timeout_s, kind=kind)
        return result

    async def find(self, pipeline_id: str, *, kind: Kind = "topic-model") -> Found | None:
        """Find a pipeline's job without its batch, as after a restart; None if Redis holds none."""
        job_id = job_id_of(pipeline_id, kind)
        state = await self._queue.getJobState(job_id)
        return None if state == "unknown" else Found(job_id, str(state))

    async def progress(self, job_id: str) -> Progress | None:
        """Tell how far a job is; None if it has not begun, or is gone.

        It reads one field of the job, so it may be asked every second.
        """
        text = await self._client.hget(self._queue.toKey(job_id), "progress")
        progress = json.loads(text) if text else None
        # Before the first attempt it is a number.
        return cast(Progress, progress) if isinstance(progress, dict) and "stage" in progress else None

    async def cancel(self, job_id: str) -> CancelAnswer:
        """Remove a job that waits, or ask the worker that runs it to stop it within a second.

        Redis keeps the request for a day, so that a worker that is cut off from Redis sees it when it is back.
        """
        state = await self._queue.getJobState(job_id)
        if state in {"completed", "failed"}:
            return "ended"
        # The id may be used again: the request names the job by the time of its birth, too.
        birth = await self._client.hget(self._queue.toKey(job_id), "timestamp")
        if birth is None:
            return "unknown"
        # The request comes first: a worker may take the job between the two.
        request = self._queue.toKey(f"{job_id}:cancel")
        await self._client.set(request, birth, ex=DAY_S)
        if not await self._queue.remove(job_id):
            return "requested"
        await self._client.delete(request)
        return "removed"

    async def is_any_worker_listening(self) -> bool:
        """Tell whether a worker takes this queue's jobs now; Redis must permit the API's user `CLIENT LIST`."""
        return int(await self._queue.get_workers_count()) > 0

    async def _ended(self, job_id: str, timeout_s: float) -> object:
        key, ends_s, pause_s = self._queue.toKey(job_id), time.monotonic() + timeout_s, _FIRST_LOOK_S
        while True:
            # Not the batch: it can have 95 MB.
            birth, ended, returned, reason = await self._client.hmget(
                key, ["timestamp", "finishedOn", "returnvalue", "failedReason"]
            )
            if birth is None:
                raise JobRemoved(job_id, f"there is no job {job_id}")
            if ended and returned is not None:
                return json.loads(returned)
            if ended:
                raise InfrastructureFailure(job_id, str(reason))
            left_s = ends_s - time.monotonic()
            if left_s <= 0:
                raise WaitTimeout(job_id, f"the wait timed out: job {job_id} has not ended within {timeout_s:g} s")
            await asyncio.sleep(min(pause_s, left_s))
            pause_s = min(2 * pause_s, _LOOK_S)
