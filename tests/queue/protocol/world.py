"""Two real workers, a model of Redis, and what can happen to them."""

import asyncio
import contextlib
import contextvars
import functools
import json
import time
from typing import Any
from unittest import mock

import structlog
from redis import exceptions as redis_errors

from tests.acceptance.envelopes import themed_envelope
from tests.queue.protocol.model_redis import ModelRedis
from tests.queue.protocol.model_scripts import SCRIPTS
from tests.queue.protocol.network import Network
from tests.queue.protocol.referee import Referee, Watched
from tests.queue.protocol.simulation import SimulatedLoop
from tests.queue.protocol.wire import Fate
from tests.queue.protocol.workers import LOCK_S, SOCKET_TIMEOUT_S, STALLED_S, SimulatedWorker
from worker.queue import connection, locks, orphans

QUEUE = "bull:topic-model"
DATA = json.dumps(themed_envelope(1, 2, min_topic_size=2))
LONGEST_LEAVE_S = 30.0
AWAY = (redis_errors.ConnectionError, redis_errors.TimeoutError)
WORKER = contextvars.ContextVar("worker", default="nobody")


class ProtocolBroken(AssertionError):
    """A rule of the protocol was broken."""


class World:
    """All that takes part in a run.

    Attributes:
        seconds: how long each job computes.
    """

    def __init__(self) -> None:
        """Begin with two workers and no job."""
        self.loop = SimulatedLoop()
        self.referee = Referee(self.loop.time, LOCK_S + STALLED_S)
        self.redis = ModelRedis(lambda: self.loop.wall_time() * 1000, SCRIPTS, self.referee.on_redis)
        self.network = Network(self.loop, self.redis, SOCKET_TIMEOUT_S)
        self.loop.connect = self.network.connect
        self.seconds: dict[str, float] = {}
        self.workers: dict[str, SimulatedWorker] = {}
        self._all_workers: list[SimulatedWorker] = []
        self._exits = contextlib.ExitStack()
        self._exits.enter_context(mock.patch.object(connection, "SOCKET_TIMEOUT_S", SOCKET_TIMEOUT_S))
        # Here every pick-up that comes to nothing is the network's fault.
        self._exits.enter_context(mock.patch.object(orphans, "MAX_HAND_BACKS", 1000))
        # A field's default is bound to the real clock at import.
        held = functools.partial(lambda make, claim, ids: make(claim, ids, time.monotonic()), locks.Held)
        self._exits.enter_context(mock.patch.object(locks, "Held", held))
        self._capture_logs()
        for letter in "ab":
            self.start(letter)

    def _capture_logs(self) -> None:
        processors = structlog.get_config()["processors"]
        kept = list(processors)
        processors[:] = [structlog.contextvars.merge_contextvars, self._on_log]
        self._exits.callback(lambda: processors.__setitem__(slice(None), kept))

    def _on_log(self, _logger: object, _method: str, event: dict[str, Any]) -> None:
        why = str(event.get("why") or event.get("reason") or "")
        if WORKER.get() in {worker.name for worker in self.workers.values()}:
            self.referee.on_log(WORKER.get(), event["event"], str(event.get("job_id", "")), why)
        raise structlog.DropEvent

    def start(self, letter: str) -> None:
        """Start a worker in the place of one that was killed."""
        name = f"{letter}{len(self._all_workers) + 1}"

        async def begin() -> None:
            WORKER.set(name)
            self.workers[letter] = SimulatedWorker(name, self.referee, self.seconds)
            self._all_workers.append(self.workers[letter])

        self.loop.run_until_complete(asyncio.ensure_future(begin(), loop=self.loop))

    def kill(self, letter: str) -> None:
        """Kill a worker as SIGKILL does: it says no more, and its computing is over."""
        worker = self.workers.pop(letter)
        self.referee.note(f"test: kills {worker.name}")
        self.network.cut_off(worker.name, float("inf"), is_silent=False)
        for job_id in list(worker.tokens):
            self.referee.on_computed(job_id, worker.name)
        for task in worker.tasks:
            task.cancel()

    def add(self, job_id: str, seconds: float, *, is_removed: bool = False) -> None:
        """Add a job, as addStandardJob-9.lua does; with removeOnComplete if it is to be removed."""
        self.referee.note(f"test: adds {job_id} of {seconds} s")
        self.referee.jobs[job_id] = Watched()
        self.seconds[job_id] = seconds
        fields = {
            "name": "topic-model",
            "data": DATA,
            "opts": '{"attempts":3}',
            "timestamp": "1",
            "delay": "0",
            "priority": "0",
        }
        self.redis.do_hset(f"{QUEUE}:{job_id}", *[word for pair in fields.items() for word in pair])
        self.redis.do_lpush(f"{QUEUE}:wait", job_id)
        self.redis.do_zadd(f"{QUEUE}:marker", 0, "0")

    def steal_lock(self, place: int) -> None:
        """Delete the lock of the job at a place among the active ones, as a fail-over that lost it does."""
        for job_id in self.redis.do_lrange(f"{QUEUE}:active", "0", "-1")[place : place + 1]:
            if token := self.redis.do_get(f"{QUEUE}:{job_id}:lock"):
                self.referee.on_robbed(job_id, token)
                self.redis.do_del(f"{QUEUE}:{job_id}:lock")

    def shut_down(self, letter: str, grace_s: float) -> None:
        """Ask a worker to leave, as SIGTERM does."""
        worker = self.workers[letter]
        self.referee.note(f"test: {worker.name} is to leave within {grace_s} s")
        worker.leave(self.loop, grace_s)

    def pass_time(self, seconds: float) -> None:
        """Let time pass, and look at the jobs each second."""
        end_s = self.loop.now_s + seconds
        while (left_s := end_s - self.loop.now_s) > 1e-6:
            self.loop.pass_time(min(1.0, left_s))
            if not self.workers:
                self.network.disturbed_until_s = max(self.network.disturbed_until_s, self.loop.now_s)
            self.referee.look(self._nobodys_jobs(), self.network.disturbed_until_s)
            self._look_at_workers()

    def _nobodys_jobs(self) -> dict[str, bool]:
        """List the active jobs that no worker has, and whether a worker that lives has locked them."""
        active = set(self.redis.at(f"{QUEUE}:active") or [])
        nobodys = active.difference(*(worker.tokens for worker in self.workers.values()))
        locks_by_job = {job_id: self.redis.do_get(f"{QUEUE}:{job_id}:lock") or "" for job_id in sorted(nobodys)}
        ids = {worker.library_id for worker in self.workers.values() if worker.leaving is None}
        return {job_id: lock.split(":")[0] in ids for job_id, lock in locks_by_job.items()}

    def _look_at_workers(self) -> None:
        for letter, worker in list(self.workers.items()):
            if worker.leaving is not None:
                if worker.leaving.done():
                    self.kill(letter)
                continue
            if (ended := next((task for task in worker.tasks if task.done()), None)) is None:
                continue
            self.referee.note(f"{worker.name}: has ended: {ended.exception()!r}")
            # The process leaves and is started anew; BullMQ's first command is not tried again.
            if not isinstance(ended.exception(), AWAY) or self.loop.now_s > worker.began_s + 60:
                self.referee.violate(f"{worker.name}: {ended.get_coro()} has ended")
            self.kill(letter)
            self.start(letter)
        self.referee.violations += self.loop.errors
        self.loop.errors.clear()

    def settle(self) -> None:
        """Heal everything, wait until all should be done, and look whether it is."""
        self.network.disarm()
        self.network.heal()
        if any(worker.leaving for worker in self.workers.values()):
            self.pass_time(LONGEST_LEAVE_S)
        for letter in "ab":
            if letter not in self.workers:
                self.start(letter)
        patience_s = SOCKET_TIMEOUT_S * 5 + 2 * (LOCK_S + STALLED_S) + sum(self.seconds.values())
        end_s = self.loop.now_s + patience_s
        while self.loop.now_s < end_s and not all(job.delivered for job in self.referee.jobs.values()):
            self.pass_time(1.0)
        self.pass_time(5.0)
        self.referee.close()

    def close(self) -> None:
        """End everything, so that nothing is left to the collector of garbage."""
        for letter in list(self.workers):
            self.kill(letter)
        while tasks := asyncio.all_tasks(self.loop):
            for task in tasks:
                task.cancel()
            self.loop.pass_time(0.1)
        for worker in self._all_workers:
            self.loop.run_until_complete(worker.client.aclose())
        self.network.close()
        self.loop.pass_time(0.1)
        self._exits.close()
        self.loop.close()

    def check(self) -> None:
        """Raise if a rule was broken, with the story so far."""
        if self.referee.violations:
            raise ProtocolBroken("\n".join([*self.referee.violations[:3], "", *self.referee.story]))

    def disturb(self, letter: str, command: str, fate: Fate) -> None:
        """Let a worker's next command of a name meet a fate."""
        self.referee.note(f"test: next {command} of {self.workers[letter].name}: {fate}")
        self.network.arm(self.workers[letter].name, command, fate)

    def cut_off(self, letter: str, seconds: float, *, is_silent: bool) -> None:
        """Cut a worker off from Redis."""
        worker = self.workers[letter]
        self.referee.note(f"test: {worker.name} is cut off for {seconds} s, {'silent' if is_silent else 'refused'}")
        self.network.cut_off(worker.name, seconds, is_silent=is_silent)
