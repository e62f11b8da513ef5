"""A Redis that answers and hands out no jobs: readiness says so, and why."""

from collections.abc import Callable

import pytest
import redis

from tests.acceptance.faults.conftest import StartWorker
from tests.probes import Probes
from tests.redis_server import RedisServer, free_port


def _no_memory(client: redis.Redis) -> Callable[[], object]:
    client.config_set("maxmemory", 1)
    return lambda: client.config_set("maxmemory", 0)


def _no_scripts(client: redis.Redis) -> Callable[[], object]:
    client.execute_command("ACL", "SETUSER", "poet", "-evalsha", "-eval")
    return lambda: client.execute_command("ACL", "SETUSER", "poet", "+evalsha", "+eval")


def _no_waiting(client: redis.Redis) -> Callable[[], object]:
    client.execute_command("ACL", "SETUSER", "poet", "-bzpopmin")
    return lambda: client.execute_command("ACL", "SETUSER", "poet", "+bzpopmin")


@pytest.mark.parametrize(
    ("take_away", "word"),
    [(_no_memory, "OOM"), (_no_scripts, "NOPERM"), (_no_waiting, "NOPERM")],
    ids=["memory", "scripts", "waiting"],
)
def test_pick_ups_that_are_refused_make_it_not_ready(
    start_worker: StartWorker,
    own_redis: RedisServer,
    take_away: Callable[[redis.Redis], Callable[[], object]],
    word: str,
) -> None:
    """PING and the counts of jobs work all the time; it is ready again when Redis gives way, and alive throughout."""
    port = free_port()
    with own_redis.client() as client:
        client.acl_setuser("poet", enabled=True, passwords=["+sesame"], categories=["+@all"], keys=["*"])
        start_worker(REDIS_URL=own_redis.url.replace("//", "//poet:sesame@"), HEALTH_PORT=str(port))
        probes = Probes(port)
        probes.until_ready(200)
        give_back = take_away(client)
        (reason,) = probes.until_ready(503)
        assert reason.startswith(f"Redis refuses to hand out jobs: {word} ")
        assert probes.get("/livez")[0] == 200
        give_back()
        probes.until_ready(200)
