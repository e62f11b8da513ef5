"""Node's `queue.getWorkers()` shows each worker once."""

import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from typing import Any

import pytest

from tests.acceptance.faults.conftest import PREFIX, StartWorker
from tests.acceptance.processes import Producer
from tests.redis_server import RedisServer
from worker.queue.permissions import acl_rules

# Characters that base64 makes something else of, and that BullMQ and Redis permit.
QUEUE = "topics/2026+{a}=?~>"
LISTED_TIMEOUT_S = 60.0


def listed(producers: list[Producer], n: int) -> list[str]:
    """Wait until both versions of BullMQ show so many workers; give their names."""
    deadline = time.monotonic() + LISTED_TIMEOUT_S
    while True:
        answers: list[dict[str, Any]] = [producer.ask("workers") for producer in producers]
        if [answer["count"] for answer in answers] == [n, n]:
            assert answers[0]["names"] == answers[1]["names"]
            return list(answers[0]["names"])
        assert time.monotonic() < deadline, answers
        time.sleep(0.05)


@pytest.mark.slow
def test_node_sees_each_worker_once(start_worker: StartWorker, own_redis: RedisServer) -> None:
    """With the least permissions, a name full of odd characters, after all its connections were cut, until it ends."""
    start: Callable[..., Any] = start_worker
    with own_redis.client() as admin, ExitStack() as ended:
        admin.execute_command("ACL", "SETUSER", "poet", "on", ">sesame", *acl_rules(PREFIX).split())
        variables = {"REDIS_URL": f"redis://poet:sesame@127.0.0.1:{own_redis.port}", "TOPIC_MODEL_QUEUE": QUEUE}
        producers = [
            ended.enter_context(closing(Producer(library, own_redis.port, QUEUE, PREFIX)))
            for library in ("bullmq-5", "bullmq-6")
        ]
        assert listed(producers, 0) == []
        first = start(**variables)
        (name,) = listed(producers, 1)
        assert name.startswith(f"{PREFIX}:dG9waWNzLzIwMjYre2F9PT9+Pg==:w:")
        admin.execute_command("CLIENT", "KILL", "USER", "poet")
        assert listed(producers, 1) == [name]
        start(**variables)
        assert listed(producers, 2) == [name, name]
        first.stop()
        assert listed(producers, 1) == [name]
