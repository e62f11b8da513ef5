"""What is known of the worker's health: noted on the event loop, asked for from anywhere."""

import asyncio
import time

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from worker.compute.compute import ANSWER_TIMEOUT_S, START_TIMEOUT_S, Compute, ComputeState
from worker.errors import ComputeError
from worker.operations.pick_ups import PickUps
from worker.operations.telemetry import Telemetry

BEAT_S = 1.0
LOOK_S = 5.0
CHECK_COMPUTE_S = 10.0
# A loop that has not turned for so long renews no locks either.
LOOP_SILENT_S = 30.0
# On top of what the compute process may rightly take in its present state.
COMPUTE_MARGIN_S = 30.0
# A fresh one is tried for every few seconds; where that fails for so long, the pod may be what is broken.
COMPUTE_GONE_S = 120.0
STATES = {
    "wait": "llen",
    "paused": "llen",
    "active": "llen",
    "delayed": "zcard",
    "prioritized": "zcard",
    "completed": "zcard",
    "failed": "zcard",
}

log = structlog.get_logger()


class Health:
    """Whether the process is alive, and whether it can do its work."""

    def __init__(self, compute: Compute, job_timeout_s: float) -> None:
        """Take the compute process, and how long a batch may keep it silent."""
        self._compute = compute
        self._job_timeout_s = job_timeout_s
        self._beat_s = time.monotonic()
        self._redis_answers = False
        self.pick_ups = PickUps()
        self.is_consuming = False

    def beat(self) -> None:
        """Note that the event loop turns."""
        self._beat_s = time.monotonic()

    def on_redis(self, *, answers: bool) -> None:
        """Note whether Redis answered when it was last asked."""
        self._redis_answers = answers

    def why_not_alive(self) -> list[str]:
        """Say why the process should be killed; empty where it should not."""
        reasons = []
        loop_s = time.monotonic() - self._beat_s
        if loop_s > LOOP_SILENT_S:
            reasons.append(f"the event loop has not turned for {loop_s:.0f} s")
        state, silent_s = self._compute.state, self._compute.silent_s
        if silent_s > self._patience_s(state):
            reasons.append(f"the compute process is {state} and has said nothing for {silent_s:.0f} s")
        return reasons

    def why_not_ready(self) -> list[str]:
        """Say why no job would be begun at once; empty where one would, or one is under way."""
        reasons = self.why_not_alive()
        if not self._redis_answers:
            reasons.append("Redis does not answer")
        if refused := self.pick_ups.why_not():
            reasons.append(refused)
        if self._compute.state in {ComputeState.GONE, ComputeState.STARTING}:
            reasons.append(f"the model is not warm: the compute process is {self._compute.state}")
        if not self.is_consuming:
            reasons.append("no jobs are taken: starting or stopping")
        return reasons

    def _patience_s(self, state: ComputeState) -> float:
        usual_s = {
            ComputeState.BUSY: self._job_timeout_s,
            ComputeState.STARTING: START_TIMEOUT_S,
            ComputeState.GONE: COMPUTE_GONE_S,
            ComputeState.IDLE: CHECK_COMPUTE_S + ANSWER_TIMEOUT_S,
        }
        return usual_s[state] + COMPUTE_MARGIN_S


async def beat(health: Health) -> None:
    """Tell that the event loop turns, until cancelled."""
    while True:
        health.beat()
        await asyncio.sleep(BEAT_S)


async def keep_compute_warm(compute: Compute) -> None:
    """Replace a compute process that died or hangs while idle, before a job has to wait for it.

    From the start on, whether Redis is there or not: else the process would seem to have fallen silent.
    """
    while True:
        await asyncio.sleep(CHECK_COMPUTE_S)
        try:
            await compute.check()
        except Exception as error:  # noqa: BLE001 - whatever it is, the next job or check meets it again
            reason = str(error) if isinstance(error, ComputeError) else type(error).__name__
            log.error("compute_not_restarted", reason=reason)


async def look_at_queue(client: Redis, queue_key: str, health: Health, telemetry: Telemetry) -> None:
    """Count the queue's jobs every few seconds, until cancelled; an outage is waited out."""
    while True:
        try:
            async with asyncio.timeout(LOOK_S), client.pipeline(transaction=False) as pipeline:
                for state, count in STATES.items():
                    getattr(pipeline, count)(f"{queue_key}:{state}")
                counts = dict(zip(STATES, await pipeline.execute(), strict=True))
        except (RedisError, OSError) as error:
            log.debug("queue_not_counted", reason=type(error).__name__)
            health.on_redis(answers=False)
            telemetry.on_queue({})
        else:
            health.on_redis(answers=True)
            telemetry.on_queue(counts)
        await asyncio.sleep(LOOK_S)
