"""The consumer inside the test's own process, where its event loop and its library can be got at."""

import asyncio
import contextlib
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import redis
import structlog
from bullmq import Job, Queue, Worker
from bullmq.custom_errors import UnrecoverableError
from redis.asyncio import Redis

from tests.acceptance.envelopes import themed_envelope
from tests.redis_server import RedisServer
from worker.compute.compute import Compute
from worker.compute.config import ComputeConfig
from worker.errors import ComputeCancelled
from worker.exit_codes import ExitCode
from worker.jobs.settlement import HANDED_BACK
from worker.jobs.topic_model import TOPIC_MODEL
from worker.operations import health, shutdown
from worker.operations.prometheus_metrics import Outcome, Telemetry
from worker.queue import handing_back, job_reading, locks
from worker.queue.claim import Claim
from worker.queue.connection import connect, wait_until_usable
from worker.queue.consumer import consume
from worker.queue.library import _listener
from worker.queue.locks import Held, LockWatch
from worker.settings import Settings

TICK_S = 0.02


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """Take back the logging that a consumer sets up: it holds the test's own stderr."""
    yield
    structlog.reset_defaults()


def settings_for(redis_server: RedisServer, queue_name: str) -> Settings:
    """Set up with the engine of the fault tests."""
    return Settings.from_environment(
        {
            "REDIS_URL": redis_server.url,
            "TOPIC_MODEL_QUEUE": queue_name,
            "LOG_FORMAT": "json",
            "TOPIC_MODEL_TEST_ENGINE": "tests.compute.engines.faults:by_text",
        }
    )


async def add(queue: Queue, envelope: dict[str, Any] | None = None) -> str:
    """Enqueue a batch that succeeds, with two attempts."""
    envelope = envelope or themed_envelope(5, 4)
    envelope["items"][0]["text"] = "succeeds"
    job = await queue.add("topic-model", envelope, {"attempts": 2, "backoff": {"type": "fixed", "delay": 10}})
    return str(job.id)


async def until_over(queue: Queue, job_id: str, consuming: asyncio.Task[int]) -> str:
    """Wait until a job is over, or the consumer is."""
    deadline_s = time.monotonic() + 60
    while (state := await queue.getJobState(job_id)) not in {"completed", "failed"}:
        assert not consuming.done(), "the consumer ended"
        assert time.monotonic() < deadline_s, f"the job is {state}"
        await asyncio.sleep(TICK_S)
    return str(state)


async def stop(consuming: asyncio.Task[int]) -> int:
    """Ask the consumer to end, as Kubernetes does."""
    os.kill(os.getpid(), signal.SIGTERM)
    return await asyncio.wait_for(consuming, 30)


async def test_a_job_is_parsed_beside_the_loop(
    redis_server: RedisServer, queue_name: str, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the parsing nor the validation of a job runs in the event loop's thread: 30 MB take seconds."""
    threads: dict[str, int] = {}

    def noted(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            threads[name] = threading.get_ident()
            return function(*arguments, **options)

        return call

    monkeypatch.setattr("worker.queue.library.read_job", noted("parsed", job_reading.read_job))
    kind = replace(TOPIC_MODEL, read=noted("validated", TOPIC_MODEL.read))
    monkeypatch.setattr("worker.queue.processing.kind_of", lambda *_: kind)
    job_id = await add(queue, themed_envelope())
    consuming = asyncio.create_task(consume(settings_for(redis_server, queue_name)))
    assert await until_over(queue, job_id, consuming) == "completed"
    assert await stop(consuming) == ExitCode.COMPLETED
    assert threads.keys() == {"parsed", "validated"}
    assert threading.get_ident() not in threads.values()


async def test_an_escaping_cancellation_ends_nothing(
    redis_server: RedisServer, queue_name: str, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """BullMQ's loop would end in silence; here the attempt fails, and the next one succeeds."""
    run, calls = Compute.run, []

    async def cancelled_once(self: Compute, *args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise asyncio.CancelledError
        return await run(self, *args, **kwargs)

    monkeypatch.setattr(Compute, "run", cancelled_once)
    consuming = asyncio.create_task(consume(settings_for(redis_server, queue_name)))
    job_id = await add(queue)
    assert await until_over(queue, job_id, consuming) == "completed"
    assert len(calls) == 2
    assert await stop(consuming) == ExitCode.COMPLETED


@pytest.mark.parametrize("how", ["returns", "raises", "is cancelled"])
async def test_the_end_of_the_library_loop_ends_the_process(
    redis_server: RedisServer, queue_name: str, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """A worker that lives and consumes nothing would be worse than none: exit code 3."""

    async def ends(self: Worker) -> None:
        await asyncio.sleep(0)
        if how == "raises":
            raise RuntimeError("the loop broke")
        if how == "is cancelled":
            raise asyncio.CancelledError

    monkeypatch.setattr(Worker, "run", ends)
    assert await asyncio.wait_for(consume(settings_for(redis_server, queue_name)), 60) == ExitCode.INFRASTRUCTURE


async def test_closing_that_hangs_keeps_the_exit_code(
    redis_server: RedisServer, queue_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loop of the library has ended and its closing hangs: the process is left with 3, not with 0."""
    left: list[ExitCode] = []
    released = asyncio.Event()

    async def hangs(self: Worker, force: bool = False) -> None:
        while not released.is_set():  # not to be cancelled, as on a dead Redis
            with contextlib.suppress(asyncio.CancelledError):
                await released.wait()

    async def ends(self: Worker) -> None:
        await asyncio.sleep(0)

    close = Compute.close

    async def hangs_too(self: Compute) -> None:
        await released.wait()
        await close(self)

    def leave(code: ExitCode) -> None:
        left.append(code)
        released.set()

    monkeypatch.setattr(Worker, "close", hangs)
    monkeypatch.setattr(Worker, "run", ends)
    monkeypatch.setattr(Compute, "close", hangs_too)
    monkeypatch.setattr("worker.operations.shutdown._leave", leave)
    await asyncio.wait_for(consume(settings_for(redis_server, queue_name)), 60)
    assert left == [ExitCode.INFRASTRUCTURE]


@pytest.mark.parametrize("error", [ValueError, KeyError, redis.ConnectionError])
async def test_progress_that_cannot_be_written_costs_nothing_else(
    redis_server: RedisServer, queue_name: str, queue: Queue, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    """Whatever a progress write raises, the job completes at its first attempt."""

    async def breaks(self: Job, progress: object) -> None:
        raise error("progress")

    monkeypatch.setattr(Job, "updateProgress", breaks)
    consuming = asyncio.create_task(consume(settings_for(redis_server, queue_name)))
    job_id = await add(queue)
    assert await until_over(queue, job_id, consuming) == "completed"
    with redis_server.client() as client:
        assert client.hget(f"bull:{queue_name}:{job_id}", "atm") == "1"
    assert await stop(consuming) == ExitCode.COMPLETED


async def test_redis_lost_between_two_checks_is_tried_again(
    redis_server: RedisServer, queue_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It answered PING and then went away: the start goes on when it is back."""
    info, asked = Redis.info, []

    async def lost_once(client: Redis, section: str) -> Any:
        asked.append(section)
        if len(asked) == 1:
            raise redis.ConnectionError("lost")
        return await info(client, section)

    monkeypatch.setattr(Redis, "info", lost_once)
    await asyncio.wait_for(wait_until_usable(settings_for(redis_server, queue_name)), 60)
    assert asked == ["replication", "replication", "cluster", "memory"]


async def test_a_bug_shows_no_data(
    redis_server: RedisServer,
    queue_name: str,
    queue: Queue,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An exception nobody expected is named by type and place, in the log and in `failedReason`."""

    def breaks(*args: object, **kwargs: object) -> None:
        text = "marked-text-zq"
        raise KeyError(text)

    monkeypatch.setattr("worker.queue.processing.settle", breaks)
    consuming = asyncio.create_task(consume(settings_for(redis_server, queue_name)))
    job_id = await add(queue)
    assert await until_over(queue, job_id, consuming) == "failed"
    assert await stop(consuming) == ExitCode.COMPLETED
    with redis_server.client() as client:
        stored = client.hmget(f"bull:{queue_name}:{job_id}", ["failedReason", "stacktrace"])
    assert stored[0] == "a bug: KeyError"
    log = capsys.readouterr().err
    assert '"where": "test_consume.py:' in log
    assert "marked-text-zq" not in log + str(stored)


def test_a_listener_that_raises_is_contained() -> None:
    """The library calls listeners inline; an exception in one would end its loop."""

    def breaks(event: object) -> None:
        raise UnrecoverableError(str(event))

    _listener(breaks)("anything", "and more")


async def test_an_idle_process_is_asked_while_redis_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it would seem to have fallen silent, and a cold start would be killed for the outage."""
    asked = asyncio.Event()
    check = Compute.check

    async def noted(self: Compute) -> None:
        await check(self)
        asked.set()

    monkeypatch.setattr(Compute, "check", noted)
    monkeypatch.setattr(health, "CHECK_COMPUTE_S", 0.05)
    settings = Settings.from_environment(
        {"REDIS_URL": "redis://127.0.0.1:1", "TOPIC_MODEL_TEST_ENGINE": "tests.compute.engines.faults:succeeds"}
    )
    consuming = asyncio.create_task(consume(settings))
    await asyncio.wait_for(asked.wait(), 60)
    assert not consuming.done()
    assert await stop(consuming) == ExitCode.COMPLETED


async def test_the_earlier_end_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """However often somebody presses Ctrl-C, leaving takes no longer."""
    left: list[ExitCode] = []
    monkeypatch.setattr(shutdown, "_leave", left.append)
    leaving = shutdown.Shutdown(0.0)
    leaving.leave_by(30.0, ExitCode.COMPLETED)
    leaving.leave_by(0.01, ExitCode.INFRASTRUCTURE)
    leaving.leave_by(30.0, ExitCode.COMPLETED)
    while not left:
        await asyncio.sleep(0.01)
    assert left == [ExitCode.INFRASTRUCTURE]


async def test_renewals_that_do_not_come_count_as_failed(
    redis_server: RedisServer, queue_name: str, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """BullMQ tells of an outage by an error alone."""
    settings = settings_for(redis_server, queue_name)
    client, telemetry = connect(settings), Telemetry(300)
    monkeypatch.setattr(locks, "CHECK_INTERVAL_S", 0.01)
    watch = LockWatch(Compute(ComputeConfig.of(settings)), 600, telemetry)
    worker = Worker(queue_name, None, {"connection": client, "prefix": settings.bullmq_prefix, "autorun": False})
    job = await queue.add("topic-model", {})

    def counted(result: str) -> float:
        return telemetry.registry.get_sample_value("topic_model_lock_renewals_total", {"result": result}) or 0

    watching = asyncio.create_task(watch.watch())
    with watch.holding(Claim(client, worker, job, "token", 600)) as held:
        while not held.lost:
            await asyncio.sleep(0.01)
    watching.cancel()
    assert counted("failed") >= 2
    assert counted("ok") == 0
    await worker.close(force=True)
    await client.aclose()


async def test_a_job_that_cannot_be_handed_back_has_a_last_line(
    redis_server: RedisServer,
    queue_name: str,
    queue: Queue,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It says what becomes of the job."""
    tried = asyncio.Event()

    async def refused(self: Claim) -> None:
        raise redis.ConnectionError("away")

    async def cancelled(self: Compute, *args: Any, **kwargs: Any) -> Any:
        raise ComputeCancelled(HANDED_BACK)

    async def noted(held: Held) -> Outcome:
        outcome = await handing_back.hand_back(held)
        tried.set()
        return outcome

    monkeypatch.setattr(Claim, "hand_back", refused)
    monkeypatch.setattr(Compute, "run", cancelled)
    monkeypatch.setattr("worker.queue.processing.hand_back", noted)
    monkeypatch.setattr(handing_back, "_PAUSE_S", 0)
    consuming = asyncio.create_task(consume(settings_for(redis_server, queue_name)))
    await add(queue)
    await asyncio.wait_for(tried.wait(), 60)
    assert await stop(consuming) == ExitCode.COMPLETED
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    last = [line for line in lines if line.get("job_id")][-1]
    assert (last["event"], last["level"]) == ("job_not_handed_back", "error")
    assert "stalled check" in last["hint"]
    assert [line["event"] for line in lines].count("hand_back_failed") == 5
