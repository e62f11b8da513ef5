"""Whether the worker is alive and ready: noted on the event loop, asked for from the thread of the probes."""

import asyncio
import time

import structlog

from worker.compute.compute import ANSWER_TIMEOUT_S, START_TIMEOUT_S, Compute, ComputeState
from worker.errors import ComputeError
from worker.operations.pick_up_health import PickUps

MARK_S = 1.0
CHECK_COMPUTE_S = 10.0
# An event loop that stands still for this long renews no locks either.
LOOP_SILENT_S = 30.0
# Grace, added to the longest time that each state of the compute process may last.
COMPUTE_MARGIN_S = 30.0
# If no compute process could be started for this long, the worker is not alive, so that the pod is restarted.
COMPUTE_GONE_S = 120.0

log = structlog.get_logger()


class Health:
    """Whether the process is alive, and whether it can do its work."""

    def __init__(self, compute: Compute, job_timeout_s: float) -> None:
        """Take the compute process, and for how many seconds a batch may keep it silent."""
        self._compute = compute
        self._job_timeout_s = job_timeout_s
        self._loop_alive_at_s = time.monotonic()
        self._redis_answers = False
        self._redis_refusal = ""
        self.pick_ups = PickUps()
        self.is_consuming = False

    def mark_loop_alive(self) -> None:
        """Note that the event loop runs."""
        self._loop_alive_at_s = time.monotonic()

    def on_redis(self, *, answers: bool, refusal: str = "") -> None:
        """Note whether Redis answered when the jobs were last counted, and the error that it answered with."""
        self._redis_answers, self._redis_refusal = answers, refusal

    def why_not_alive(self) -> list[str]:
        """Say why the process should be killed; empty if it should live."""
        reasons = []
        loop_s = time.monotonic() - self._loop_alive_at_s
        if loop_s > LOOP_SILENT_S:
            reasons.append(f"the event loop has not run for {loop_s:.0f} s")
        state, silent_s = self._compute.state, self._compute.silent_s
        if silent_s > self._patience_s(state):
            reasons.append(f"the compute process is {state} and has said nothing for {silent_s:.0f} s")
        return reasons

    def why_not_ready(self) -> list[str]:
        """Say why a new job would not begin at once; empty if it would, and while a job is in progress."""
        reasons = self.why_not_alive()
        if not self._redis_answers:
            reasons.append("Redis does not answer")
        if self._redis_refusal:
            reasons.append(f"Redis refuses to count the queue's jobs: {self._redis_refusal}")
        if why_not := self.pick_ups.why_not():
            reasons.append(why_not)
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


async def mark_loop_alive(health: Health) -> None:
    """Note every second that the event loop runs, until cancelled."""
    while True:
        health.mark_loop_alive()
        await asyncio.sleep(MARK_S)


async def keep_compute_warm(compute: Compute) -> None:
    """Replace a compute process that died or hangs while idle, before a job has to wait for it.

    Runs from the start on, even if Redis is away: a process that nobody asks looks as if it were silent.
    """
    while True:
        await asyncio.sleep(CHECK_COMPUTE_S)
        try:
            await compute.check()
        except Exception as error:  # noqa: BLE001 - the next job or the next check meets it again
            reason = str(error) if isinstance(error, ComputeError) else type(error).__name__
            log.error(
                "compute_not_restarted",
                reason=reason,
                retry_in_s=CHECK_COMPUTE_S,
                hint="no job can be computed until it starts: look at memory, at the device and at KEYWORD_ENCODER",
            )
