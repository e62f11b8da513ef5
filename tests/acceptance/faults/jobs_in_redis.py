"""Jobs as Redis itself has them."""

import time
from collections.abc import Callable

from tests.acceptance.faults.conftest import PREFIX, batch
from tests.acceptance.processes import Producer
from tests.redis_server import RedisServer

KEY = f"{PREFIX}:topic-model"


def state_of(own_redis: RedisServer, job_id: str, timeout_s: float = 60) -> str:
    """Wait until a job is over, looking into Redis itself; give where it is."""
    deadline = time.monotonic() + timeout_s
    with own_redis.client() as client:
        while time.monotonic() < deadline:
            for state in ("completed", "failed"):
                if client.zscore(f"{KEY}:{state}", job_id) is not None:
                    return state
            time.sleep(0.02)
    raise AssertionError(f"job {job_id} is not over")


def wait_until(holds: Callable[[], object], timeout_s: float = 60) -> None:
    """Wait for something to hold."""
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def attempts_of(own_redis: RedisServer, job_id: str) -> tuple[str | None, str | None]:
    """Read how many attempts a job made and how many times it was taken."""
    with own_redis.client() as client:
        made, started = client.hmget(f"{KEY}:{job_id}", ["atm", "ats"])
        return made, started


def make_orphan(own_redis: RedisServer, producer: Producer, name: str, *, beside: str) -> str:
    """Enqueue a job, and leave it as a pick-up of the worker that holds `beside` does whose answer is lost."""
    orphan = producer.add(batch(f"wait {name}"))
    with own_redis.client() as client:
        ours = str(client.get(f"{KEY}:{beside}:lock")).rpartition(":")[0]
        client.lrem(f"{KEY}:wait", 1, orphan)
        client.lpush(f"{KEY}:active", orphan)
        client.hincrby(f"{KEY}:{orphan}", "ats", 1)
        client.set(f"{KEY}:{orphan}:lock", f"{ours}:{name}", px=60_000)
    return orphan
