"""Watch the locks of the jobs that this worker holds: renewals that fail, and renewals that do not come."""

import asyncio
import contextlib
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import structlog
from redis.exceptions import RedisError

from worker.compute.compute import Compute
from worker.operations.prometheus_metrics import Telemetry
from worker.operations.tracing import NO_TRACE, JobTrace
from worker.queue.claim import Claim
from worker.tracking.tracking import TrackedJob

LOCK_LOST = "lock lost"
CHECK_INTERVAL_S = 0.25
# Six renewals in a lock's lifetime: when an outage begins, most of that time is still left.
RENEWALS_PER_LOCK = 6
# Stop computing if the lock has not been renewed for 70 % of its lifetime; the remaining 30 % covers an answer
# that is still on its way.
FENCE_SHARE = 0.7

log = structlog.get_logger()


@dataclass
class Held:
    """A job that this worker holds.

    Attributes:
        claim: on its lock.
        ids: what its log lines carry.
        renewed_at_s: when the lock was surely ours (monotonic).
        n_missed: renewals that have not come since.
        lost: another worker has the job, or may have it.
        delivering: its end is being recorded; a renewal that fails changes nothing any more.
        is_settled: its end is recorded, or it is another worker's: no lock of this claim means anything any more.
        trace: of this attempt.
        rest: what its data become once its result is delivered; None if they stay as they are.
        tracked: what MLflow is told of it, once its result is delivered; None for nothing.
    """

    claim: Claim
    ids: dict[str, Any]
    renewed_at_s: float = field(default_factory=time.monotonic)
    n_missed: int = 0
    lost: bool = False
    delivering: bool = False
    is_settled: bool = False
    trace: JobTrace = NO_TRACE
    rest: str | None = field(default=None, repr=False)
    tracked: TrackedJob | None = field(default=None, repr=False)


class LockWatch:
    """Cancels the computing of a job that another worker has, or may have."""

    def __init__(self, compute: Compute, lock_duration_ms: int, telemetry: Telemetry) -> None:
        """Take what to cancel, how long a lock lives without renewal, and where renewals are counted."""
        self._compute = compute
        self._fence_s = FENCE_SHARE * lock_duration_ms / 1000
        self._renewal_s = lock_duration_ms / 1000 / RENEWALS_PER_LOCK
        self._held: dict[str, Held] = {}
        self._seen: set[tuple[str, str]] = set()
        self._checks: set[asyncio.Task[None]] = set()
        self._telemetry = telemetry

    @contextlib.contextmanager
    def holding(self, claim: Claim) -> Iterator[Held]:
        """Watch a job for as long as the context lasts."""
        job_id = str(claim.job.id)
        held = self._held[job_id] = Held(claim, {"job_id": job_id})
        self._seen.add(claim.pair)
        try:
            yield held
        finally:
            del self._held[job_id]
            if held.is_settled:
                self._seen.discard(claim.pair)
            self._compute.forget(job_id)

    @property
    def seen(self) -> frozenset[tuple[str, str]]:
        """The job id and the token of each pick-up that arrived here and whose end may not be recorded."""
        return frozenset(self._seen)

    def has_seen(self, pair: tuple[str, str]) -> bool:
        """Tell whether this pick-up arrived here, and its end may not be recorded."""
        return pair in self._seen

    def forget(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Forget pick-ups whose lock is gone; a job that is still held is never forgotten, lock or not."""
        self._seen.difference_update(set(pairs) - {held.claim.pair for held in self._held.values()})

    @property
    def n_held(self) -> int:
        """How many jobs this worker holds."""
        return len(self._held)

    def on_renewed(self, job_ids: list[str]) -> None:
        """Note locks that BullMQ has renewed."""
        self._telemetry.on_renewals(n_ok=len(job_ids))
        for job_id in job_ids:
            if job_id in self._held:
                self._held[job_id].renewed_at_s, self._held[job_id].n_missed = time.monotonic(), 0

    def on_renewal_failed(self, job_ids: list[str]) -> None:
        """Take locks again that BullMQ could not renew, or give the jobs up."""
        self._telemetry.on_renewals(n_failed=len(job_ids))
        for job_id in job_ids:
            held = self._held.get(job_id)
            if held is not None and not held.delivering:
                check = asyncio.get_running_loop().create_task(self._reclaim(job_id, held))
                self._checks.add(check)
                check.add_done_callback(self._checks.discard)

    async def watch(self) -> None:
        """Give up jobs whose lock has gone unrenewed for too long; runs until cancelled."""
        while True:
            await asyncio.sleep(CHECK_INTERVAL_S)
            now_s = time.monotonic()
            for job_id, held in list(self._held.items()):
                self._count_missed(held, now_s)
                if not held.lost and not held.delivering and now_s - held.renewed_at_s > self._fence_s:
                    self._give_up(job_id, held, "no renewal in time: another worker may take the job")

    def _count_missed(self, held: Held, now_s: float) -> None:
        """Count each renewal that does not come as failed: BullMQ reports an outage as a bare error."""
        n_missed = int((now_s - held.renewed_at_s) / self._renewal_s) - 1
        if n_missed > held.n_missed:
            self._telemetry.on_renewals(n_failed=n_missed - held.n_missed)
            held.n_missed = n_missed

    async def _reclaim(self, job_id: str, held: Held) -> None:
        try:
            if await held.claim.renew():
                held.renewed_at_s, held.n_missed = time.monotonic(), 0
                log.warning("lock_reacquired", **held.ids)
            elif self._held.get(job_id) is held and not held.delivering:
                self._give_up(job_id, held, "another worker has the job, or it was removed")
        except (RedisError, OSError):
            return  # the next renewal tries again; the fence ends it

    def _give_up(self, job_id: str, held: Held, why: str) -> None:
        held.lost = True
        log.warning("lock_lost", why=why, **held.ids)
        self._compute.cancel(LOCK_LOST, job_id)
