"""The protocol of claim, lock, renewal, sweep, delivery and hand-back: whatever happens, its rules hold.

`SOAK=1 pytest tests/queue/protocol/test_protocol.py` looks longer, and elsewhere each time.
"""

import contextlib
from collections.abc import Iterator
from functools import partial
from typing import Any
from unittest import mock

import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests.effort import effort
from tests.queue.protocol import model_scripts
from tests.queue.protocol.machine import Protocol, budget
from tests.queue.protocol.model_scripts import digest
from tests.queue.protocol.own_scripts import reacquire
from tests.queue.protocol.wire import Fate
from tests.queue.protocol.world import ProtocolBroken, World
from worker.queue import claim, locks
from worker.queue.claim import Claim
from worker.queue.locks import LockWatch

FENCE = 'if redis.call("HGET", KEYS[1], "ats") ~= ARGV[2] then return -7 end\n'


@pytest.mark.slow
@pytest.mark.soak
def test_the_rules_hold() -> None:
    """Two workers, a Redis that is slow, away, silent or forgetful: no job is lost, run twice or delivered twice."""
    run_state_machine_as_test(Protocol, settings=budget(20))


def _forget_held_tokens() -> Any:
    return mock.patch.object(LockWatch, "forget", lambda self, pairs: self._seen.difference_update(pairs))


def _know_pick_ups_by_token_only() -> Any:
    return mock.patch.object(LockWatch, "has_seen", lambda self, pair: pair[1] in {token for _, token in self._seen})


def _never_fence() -> Any:
    return mock.patch.object(locks, "FENCE_SHARE", 1e9)


def _deliver_whoever_holds_the_lock() -> Any:
    async def complete(self: Claim, document: Any) -> None:
        keep = self.job.opts.get("removeOnComplete", False)
        await self._worker.backend.moveToCompleted(self.job, document, keep, "0", False)

    return mock.patch.object(Claim, "complete", complete)


@contextlib.contextmanager
def _take_back_without_looking() -> Iterator[None]:
    unfenced = claim.REACQUIRE.replace(FENCE, "")
    assert unfenced != claim.REACQUIRE
    with (
        mock.patch.object(claim, "REACQUIRE", unfenced),
        mock.patch.dict(model_scripts.SCRIPTS, {digest(unfenced): partial(reacquire, is_fenced=False)}),
        mock.patch.dict(model_scripts.NAMES, {digest(unfenced): "reacquire"}),
    ):
        yield


def _a_lock_is_lost_once(world: World) -> None:
    world.add("j1", 150.0)
    world.pass_time(4.0)
    world.steal_lock(0)
    world.pass_time(10.0)


def _a_pick_up_is_sent_twice(world: World) -> None:
    world.pass_time(3.0)  # its first command only loads the script
    world.disturb("a", "moveToActive", Fate(lost_back=True))
    for job_id in ("j1", "j2", "j3"):
        world.add(job_id, 150.0)
    world.pass_time(30.0)


def _a_worker_hears_nothing_for_longer_than_a_lock(world: World) -> None:
    world.add("j1", 150.0)
    world.pass_time(1.0)
    world.cut_off(_who_computes(world, "j1"), 100.0, is_silent=True)
    world.pass_time(100.0)


def _a_lock_is_lost_twice(world: World) -> None:
    world.add("j1", 150.0)
    world.pass_time(16.0)
    # The stalled check gives the job away while its worker hears nothing of it, and computes on.
    world.cut_off(_who_computes(world, "j1"), 35.0, is_silent=True)
    world.steal_lock(0)
    world.pass_time(34.5)
    # Between two renewals of the new owner, just before the old one is back.
    world.steal_lock(0)
    world.pass_time(10.0)


def _who_computes(world: World, job_id: str) -> str:
    (name,) = world.referee.jobs[job_id].computing
    return name[0]


MUTANTS = [
    (_forget_held_tokens, _a_lock_is_lost_once, "handed back while it is computed"),
    (_know_pick_ups_by_token_only, _a_pick_up_is_sent_twice, "without an owner"),
    (_never_fence, _a_worker_hears_nothing_for_longer_than_a_lock, "taken while"),
    (_take_back_without_looking, _a_lock_is_lost_twice, "reclaimed by one whose pick-up is not the latest"),
    (_deliver_whoever_holds_the_lock, _a_lock_is_lost_once, "delivered by"),
]


@pytest.mark.parametrize(("take_out", "scenario", "violation"), MUTANTS)
def test_each_mend_is_needed(take_out: Any, scenario: Any, violation: str) -> None:
    """A scenario keeps the rules, and breaks one as soon as what guards against it is taken out."""
    _play(scenario)
    with take_out(), pytest.raises(ProtocolBroken, match=violation):
        _play(scenario)


def test_a_worker_that_leaves_tells_of_no_failure() -> None:
    """A result still under way when the grace period ends is no failed job: it arrives, or the lock lapses."""
    _play(_a_worker_leaves_while_its_result_is_under_way)


def _a_worker_leaves_while_its_result_is_under_way(world: World) -> None:
    world.add("j1", 5.0)
    world.pass_time(1.0)
    letter = _who_computes(world, "j1")
    world.disturb(letter, "moveToFinished", Fate(late_there_s=6.0))
    world.pass_time(5.0)
    world.shut_down(letter, 0.0)
    world.pass_time(10.0)


def _play(scenario: Any) -> None:
    world = World()
    try:
        scenario(world)
        world.check()
        world.settle()
        world.check()
    finally:
        world.close()


# The others take minutes to be found by chance: a longer run looks for them, too.
SOUGHT = MUTANTS if effort(0, soak=1) else [MUTANTS[0], MUTANTS[-1]]


@pytest.mark.soak
@pytest.mark.parametrize("take_out", [take_out for take_out, _, _ in SOUGHT])
def test_the_search_finds_what_is_not_mended(take_out: Any) -> None:
    """The search of the rules finds the fault by itself if its mend is taken out."""
    with take_out(), pytest.raises(ProtocolBroken):
        run_state_machine_as_test(Protocol, settings=budget(100, shrink=False))
