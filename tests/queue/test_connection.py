"""Why the start cannot reach Redis, or cannot work with it: each reason by its own sentence."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.certificates import Authority
from tests.redis_server import RedisServer
from tests.tcp_proxy import TcpProxy
from worker.errors import RedisUnusable
from worker.queue import unreachable
from worker.queue.connection import connect, wait_until_usable
from worker.queue.permissions import IN_SCRIPTS, acl_rules, find_refused
from worker.queue.unreachable import find_cause
from worker.settings import Settings

PREFIX = "faculytics:bull"
REFUSAL_TIMEOUT_S = 60.0
TRIED_ALONE = ("bzpopmin", "client|setname", "mget", "script|load", "time")


def settings_of(url: str, prefix: str = PREFIX) -> Settings:
    """Make settings that lead to a Redis."""
    return Settings.from_environment({"REDIS_URL": url, "BULLMQ_PREFIX": prefix})


async def refusal_of(url: str, prefix: str = PREFIX) -> str:
    """Expect that the start refuses this Redis; give the line."""
    with pytest.raises(RedisUnusable) as raised:
        # A start that takes the reason for one that passes waits for ever.
        async with asyncio.timeout(REFUSAL_TIMEOUT_S):
            await wait_until_usable(settings_of(url, prefix))
    return str(raised.value)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Give a private CA."""
    return Authority(tmp_path_factory.mktemp("tls") / "ca")


@pytest.fixture
def tls(redis_server: RedisServer, authority: Authority) -> Iterator[TcpProxy]:
    """Give a Redis behind TLS."""
    proxy = TcpProxy(redis_server.port, tls=authority.server_context())
    yield proxy
    proxy.close()


@pytest.fixture
def http_port() -> Iterator[int]:
    """Give a web server's port."""
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


async def test_a_private_ca_and_a_client_certificate_are_taken(redis_server: RedisServer, authority: Authority) -> None:
    """As the options of the URL, with a password in it that is percent-encoded."""
    context = authority.server_context()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.ca)
    proxy = TcpProxy(redis_server.port, tls=context)
    with redis_server.client() as client:
        client.acl_setuser("t@ls", enabled=True, passwords=["+p@s:s/w#o%r d?"], categories=["+@all"], keys=["*"])
    certificate, key = authority.sign("client")
    options = f"ssl_ca_certs={authority.ca}&ssl_certfile={certificate}&ssl_keyfile={key}"
    settings = settings_of(f"rediss://t%40ls:p%40s%3As%2Fw%23o%25r%20d%3F@127.0.0.1:{proxy.port}/0?{options}")
    await wait_until_usable(settings)
    proxy.close()


def _refuse_handshake(context: ssl.SSLContext, asking: socket.socket) -> None:
    """Send the alert, and close only when the client has read it: else it may meet a reset instead."""
    with context.wrap_socket(asking, server_side=True, do_handshake_on_connect=False) as tls:
        try:
            tls.do_handshake()
        except OSError:
            with contextlib.suppress(OSError):
                tls.shutdown(socket.SHUT_WR)
                while tls.recv(4096):
                    pass


@pytest.fixture
def certificate_port(authority: Authority) -> Iterator[int]:
    """Give the port of a server that takes no client without a certificate."""
    context = authority.server_context()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.ca)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse() -> None:
            with contextlib.suppress(OSError):
                while True:
                    asking, _ = listener.accept()
                    _refuse_handshake(context, asking)

        thread = Thread(target=refuse)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


async def test_a_server_that_wants_a_client_certificate_says_so(certificate_port: int, authority: Authority) -> None:
    """OpenSSL, as Redis uses it, sends an alert before it closes."""
    line = await refusal_of(f"rediss://127.0.0.1:{certificate_port}?ssl_ca_certs={authority.ca}")
    assert "wants a client certificate" in line
    assert "ssl_certfile=" in line


@pytest.fixture(autouse=True)
def short_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait a second for a connection: a plain server lets a TLS handshake run into it."""
    monkeypatch.setattr("worker.queue.connection.CONNECT_TIMEOUT_S", 1.0)


async def test_tls_that_does_not_fit_is_named(tls: TcpProxy, redis_server: RedisServer, authority: Authority) -> None:
    """Plain against TLS and back, a CA that is unknown, and a certificate for another host."""
    ca = f"?ssl_ca_certs={authority.ca}"
    assert "use rediss://" in await refusal_of(f"redis://127.0.0.1:{tls.port}")
    assert "does not speak TLS" in await refusal_of(f"rediss://127.0.0.1:{redis_server.port}{ca}")
    assert "give the file of its CA" in await refusal_of(f"rediss://127.0.0.1:{tls.port}")
    other = TcpProxy(redis_server.port, tls=authority.server_context("DNS:redis.example"))
    assert "for another host name" in await refusal_of(f"rediss://127.0.0.1:{other.port}{ca}")
    other.close()


async def test_a_web_server_is_no_redis(http_port: int) -> None:
    """Waiting would not make it one."""
    assert "not Redis" in await refusal_of(f"redis://127.0.0.1:{http_port}")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("redis://no-such-host.invalid", "DNS"),
        ("redis://127.0.0.1:1", "connection refused"),
        ("unix:///no/such/socket", "no such socket"),
    ],
    ids=["dns", "refused", "socket"],
)
async def test_what_may_pass_is_told_with_its_reason(url: str, reason: str) -> None:
    """The worker waits for these, since DNS and Redis may still come up."""
    client = connect(settings_of(url))
    with pytest.raises(Exception, match="connecting to") as raised:
        await client.ping()
    await client.aclose()
    cause = await find_cause(raised.value, url)
    assert reason in cause.reason
    assert cause.hint
    assert not cause.is_permanent


async def test_a_silent_server_may_come_back(own_redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A timeout tells nothing for good, neither plainly nor over TLS."""
    monkeypatch.setattr(unreachable, "TIMEOUT_S", 0.2)
    own_redis.freeze()
    for scheme in ("redis", "rediss"):
        cause = await find_cause(TimeoutError(), f"{scheme}://127.0.0.1:{own_redis.port}")
        assert (cause.reason, cause.is_permanent) == ("no answer in time", False)
    own_redis.thaw()


async def test_the_connection_by_which_the_worker_is_counted_comes_back_first(own_redis: RedisServer) -> None:
    """After an outage one command is enough, and none of the other connections counts."""
    client = connect(settings_of(own_redis.url), is_worker=True)
    # The one that was made first is idle first, and so the last one of which redis-py itself would think.
    await asyncio.gather(*(client.bzpopmin("nothing", timeout_s) for timeout_s in (0.05, 0.15, 0.25)))
    with own_redis.client() as admin:
        admin.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        await client.ping()
        names = [entry["name"] for entry in admin.client_list()]
    await client.aclose()
    assert sum(name.startswith(f"{PREFIX}:dG9waWMtbW9kZWw=:w:") for name in names) == 1


async def test_each_permission_that_is_missing_is_named(own_redis: RedisServer) -> None:
    """Of the least ACL, none is refused; without any one of its commands, that one is."""
    settings = settings_of(f"redis://poet:sesame@127.0.0.1:{own_redis.port}")
    with own_redis.client() as admin:
        admin.execute_command("ACL", "SETUSER", "poet", "on", ">sesame", *acl_rules(PREFIX).split())
        client = connect(settings)
        assert await find_refused(client, PREFIX, "topic-model") == []
        for name in (*(command[0] for command in IN_SCRIPTS), *TRIED_ALONE):
            admin.execute_command("ACL", "SETUSER", "poet", f"-{name.partition('|')[0]}")
            assert await find_refused(client, PREFIX, "topic-model") == [name]
            admin.execute_command("ACL", "SETUSER", "poet", f"+{name}")
        assert await find_refused(client, PREFIX, "topic-model", sheds=True) == ["hstrlen"]
        admin.execute_command("ACL", "SETUSER", "poet", *acl_rules(PREFIX, sheds=True).split())
        assert await find_refused(client, PREFIX, "topic-model", sheds=True) == []
        while admin.keys("*"):  # the key that could not be deleted lives for a second
            await asyncio.sleep(0.05)
        await client.aclose()
        admin.execute_command("ACL", "SETUSER", "poet", "-evalsha")
        assert "does not permit evalsha" in await refusal_of(settings.redis_url.get_secret_value())
        admin.execute_command("ACL", "SETUSER", "poet", "+evalsha")
        other = await refusal_of(settings.redis_url.get_secret_value(), prefix="other")
    assert "access to the keys other:topic-model:*" in other
    assert f"ACL SETUSER <user> {acl_rules('other')}" in other


async def test_a_cluster_is_told_what_it_needs(tmp_path: Path) -> None:
    """A hash tag keeps all keys of the queue in one slot."""
    node = RedisServer(tmp_path, "--cluster-enabled", "yes")
    node.start()
    with node.client() as admin:
        admin.execute_command("CLUSTER", "ADDSLOTS", *range(16384))
        while "cluster_state:ok" not in str(admin.execute_command("CLUSTER", "INFO")):
            await asyncio.sleep(0.05)
    assert "BULLMQ_PREFIX" in (line := await refusal_of(node.url))
    assert "{faculytics:bull}" in line
    settings = settings_of(node.url, "{faculytics:bull}")
    await wait_until_usable(settings)
    node.stop()
