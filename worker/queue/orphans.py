"""Hand back jobs that Redis gave to this worker but whose answer never arrived."""

from collections import Counter

import structlog
from redis.asyncio import Redis

from worker.operations.prometheus_metrics import Telemetry
from worker.queue.claim import hand_back
from worker.queue.library import LibraryWorker, is_waiting
from worker.queue.locks import LockWatch

# A job that is orphaned more often is left to the stalled check, which counts and fails it in the end.
MAX_HAND_BACKS = 2

log = structlog.get_logger()


class OrphanSweep:
    """Finds jobs that are locked in this worker's name and that nobody here has seen."""

    def __init__(self, client: Redis, worker: LibraryWorker, watch: LockWatch, telemetry: Telemetry) -> None:
        """Take where to look, who holds jobs, and where hand-backs are counted."""
        self._client = client
        self._worker = worker
        self._watch = watch
        self._telemetry = telemetry
        self._hand_backs: Counter[str] = Counter()
        self._left: set[tuple[str, str]] = set()

    async def sweep(self) -> None:
        """Hand back each job whose pick-up was executed though its answer was lost.

        A job is known by its id and its lock's token. The token is another one at each pick-up, so a
        hand-back never hits a job that was taken again since the look; but one token may lock two
        jobs, if the pick-up was sent twice. A job that was held, and whose end could not be
        recorded, is left to the stalled check, which counts; so is one that is orphaned time after time.

        Raises:
            RedisError: Redis is away, or refuses.
        """
        if self._is_pick_up_possible():
            return
        seen_before = self._watch.seen
        locked = await self._locked_by_us()
        if self._is_pick_up_possible():
            return
        orphans = [pair for pair in locked if not self._watch.has_seen(pair)]
        self._watch.forget(seen_before.difference(locked))
        self._left.intersection_update(locked)
        for job_id, _ in sorted(self._watch.seen):
            self._hand_backs.pop(job_id, None)
        for pair in orphans:
            await self._hand_back(pair)

    async def _locked_by_us(self) -> list[tuple[str, str]]:
        """List the active jobs whose lock carries this worker's id, with the lock's token."""
        to_key = self._worker.backend.toKey
        ids = [str(job_id) for job_id in await self._client.lrange(to_key("active"), 0, -1)]
        tokens = await self._client.mget([f"{to_key(job_id)}:lock" for job_id in ids]) if ids else []
        pairs = [(job_id, str(token)) for job_id, token in zip(ids, tokens, strict=True) if token]
        return [pair for pair in pairs if pair[1].startswith(f"{self._worker.id}:")]

    async def _hand_back(self, pair: tuple[str, str]) -> None:
        job_id, _ = pair
        if self._hand_backs[job_id] >= MAX_HAND_BACKS:
            if pair not in self._left:
                self._left.add(pair)
                log.warning(
                    "orphan_left",
                    job_id=job_id,
                    hint="no answer to its pick-up arrives; its lock lapses, and the next stalled check takes it",
                )
            return
        try:
            await hand_back(self._worker, pair)
        except TypeError as error:  # its lock has lapsed since the look: the stalled check takes it from here
            log.debug("orphan_is_gone", job_id=job_id, reason=str(error))
            return
        self._hand_backs[job_id] += 1
        self._telemetry.on_orphan()
        log.warning("orphan_handed_back", job_id=job_id)

    def _is_pick_up_possible(self) -> bool:
        """Tell whether a job may have been taken that this worker does not hold yet."""
        return self._watch.n_held == 0 and not is_waiting(self._worker)
