"""The sweep hands back what nobody here has seen, and never what somebody here holds."""

import pytest
from bullmq import Queue
from redis import exceptions as redis_errors
from redis.asyncio import Redis
from structlog.testing import capture_logs

from tests.queue.conftest import LOCK_MS, Take
from worker.operations.prometheus_metrics import Telemetry
from worker.queue.claim import Claim
from worker.queue.library import LibraryWorker
from worker.queue.locks import LockWatch
from worker.queue.orphans import MAX_HAND_BACKS, OrphanSweep


@pytest.fixture
def orphans(client: Redis, worker: LibraryWorker, watch: LockWatch, telemetry: Telemetry) -> OrphanSweep:
    """Give the sweep."""
    return OrphanSweep(client, worker, watch, telemetry)


async def test_a_job_whose_end_could_not_be_recorded_is_no_orphan(
    queue: Queue, take: Take, watch: LockWatch, orphans: OrphanSweep, telemetry: Telemetry
) -> None:
    """The sweep leaves what was held to the stalled check, which counts; what nobody held goes back at once."""
    claims = {name: await take(name) for name in ("ended", "orphan", "held")}
    with watch.holding(claims["ended"]):
        pass
    with watch.holding(claims["held"]):
        await orphans.sweep()
    assert await queue.getJobState("orphan") in {"delayed", "waiting"}
    assert await queue.getJobState("ended") == "active"
    assert await queue.getJobState("held") == "active"
    assert telemetry.registry.get_sample_value("topic_model_orphans_handed_back_total") == 1
    await claims["ended"].hand_back()
    with watch.holding(claims["held"]):
        await orphans.sweep()
    assert watch.seen == {claims["held"].pair}


@pytest.mark.parametrize("order", ["sweep, renew, sweep", "renew, sweep", "stalled check, sweep, renew, sweep"])
async def test_a_held_job_is_never_handed_back(
    queue: Queue, take: Take, watch: LockWatch, orphans: OrphanSweep, worker: LibraryWorker, order: str
) -> None:
    """Its lock lapses, and is taken again with the same token: whatever comes between, it stays ours."""
    claim = await take()
    with watch.holding(claim):
        await queue.client.delete(worker.backend.toKey("job:lock"))
        for step in order.split(", "):
            if step == "sweep":
                await orphans.sweep()
            elif step == "renew":
                assert await claim.renew()
            else:
                for _ in range(2):
                    await queue.client.delete(worker.backend.toKey("stalled-check"))
                    await worker.runStalledJobsCheck()
                assert await queue.getJobState("job") == "waiting"
        assert await queue.getJobState("job") == "active"
        assert await queue.client.get(worker.backend.toKey("job:lock")) == claim.token
    assert watch.has_seen(claim.pair)


async def test_an_orphan_under_the_token_of_a_held_job_is_handed_back(
    queue: Queue, take: Take, watch: LockWatch, orphans: OrphanSweep, worker: LibraryWorker
) -> None:
    """redis-py sends a pick-up again whose answer was lost: one token then locks two jobs."""
    token = f"{worker.id}:1"
    await take("orphan", token)
    held = await take("held", token)
    with watch.holding(held):
        await orphans.sweep()
        assert await queue.getJobState("orphan") in {"delayed", "waiting"}
        assert await queue.getJobState("held") == "active"


async def test_a_lock_that_comes_back_after_the_end_is_an_orphan(
    queue: Queue, take: Take, watch: LockWatch, orphans: OrphanSweep
) -> None:
    """A renewal that arrives after the hand-back locks a job that nobody runs; the sweep frees it at once."""
    claim = await take()
    with watch.holding(claim) as held:
        await claim.hand_back()
        held.is_settled = True
    assert await queue.getJobState("job") == "delayed"
    await queue.promoteJobs()
    assert await claim.renew()
    with watch.holding(await take("other")):
        await orphans.sweep()
    assert await queue.getJobState("job") in {"delayed", "waiting"}


async def test_a_job_that_is_orphaned_time_after_time_is_left_to_the_stalled_check(
    queue: Queue, take: Take, watch: LockWatch, orphans: OrphanSweep, worker: LibraryWorker
) -> None:
    """Handed back twice; then its lock lapses, and the check that counts takes it: no job goes round for ever."""
    with watch.holding(await take("held")), capture_logs() as lines:
        await queue.add("topic-model", {}, {"jobId": "lost", "attempts": 9})
        for number in range(MAX_HAND_BACKS + 1):
            assert await worker.backend.moveToActive(f"{worker.id}:again-{number}", worker.opts)
            for _ in range(3):
                await orphans.sweep()
    assert await queue.getJobState("lost") == "active"
    assert [line["event"] for line in lines] == ["orphan_handed_back"] * MAX_HAND_BACKS + ["orphan_left"]


async def test_a_hand_back_that_redis_refuses_does_not_count(
    queue: Queue, take: Take, watch: LockWatch, orphans: OrphanSweep, worker: LibraryWorker, client: Redis
) -> None:
    """It is tried again at the next sweep, for as long as Redis takes no writes."""
    await take("orphan")
    with watch.holding(await take("held")):
        await client.config_set("min-replicas-to-write", 1)
        try:
            for _ in range(2 * MAX_HAND_BACKS):
                with pytest.raises(redis_errors.ResponseError):
                    await orphans.sweep()
        finally:
            await client.config_set("min-replicas-to-write", 0)
        await orphans.sweep()
    assert await queue.getJobState("orphan") in {"delayed", "waiting"}


async def test_a_job_that_is_held_in_the_end_is_handed_back_again(
    queue: Queue, take: Take, watch: LockWatch, orphans: OrphanSweep, worker: LibraryWorker, client: Redis
) -> None:
    """Answers that were lost long ago do not count against a job that was read since."""
    held = await take("held")
    await queue.add("topic-model", {}, {"jobId": "lost", "attempts": 9})
    for number in range(2 * MAX_HAND_BACKS + 1):
        if number == MAX_HAND_BACKS:
            job = await worker.getNextJob(f"{worker.id}:read")
            with watch.holding(Claim(client, worker, job, f"{worker.id}:read", LOCK_MS)) as second:
                await orphans.sweep()
                await second.claim.hand_back()
                second.is_settled = True
            continue
        assert await worker.backend.moveToActive(f"{worker.id}:again-{number}", worker.opts)
        with watch.holding(held):
            await orphans.sweep()
    assert await queue.getJobState("lost") in {"delayed", "waiting"}
