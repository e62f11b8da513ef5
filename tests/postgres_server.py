"""A real PostgreSQL as a process, from Debian's package `postgresql`."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from tests.redis_server import free_port

START_TIMEOUT_S = 60.0
READY = "database system is ready to accept connections"
# It refuses to run as root; Debian's package makes this user.
USER = "postgres" if os.geteuid() == 0 else None


def _programs() -> Path | None:
    """Find the folder of initdb, the newest one: Debian leaves it out of the PATH."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return folders[-1].parent if folders else None


PROGRAMS = _programs()


class PostgresServer:
    """One server with one empty database, on a free port of 127.0.0.1."""

    def __init__(self) -> None:
        """Make a folder that its user can reach: pytest's own are for nobody else."""
        self._folder = Path(tempfile.mkdtemp(prefix="postgres-"))
        if USER is not None:
            shutil.chown(self._folder, USER)
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """What a client needs to reach it."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Make the database, start, and wait until it answers."""
        data = str(self._folder / "data")
        new = ["-D", data, "--username=postgres", "--auth=trust", "--no-sync", "--no-instructions", "--locale=C"]
        self._run("initdb", *new, "--encoding=UTF8").wait(START_TIMEOUT_S)
        settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off"}
        options = [f"--{name}={value}" for name, value in settings.items()]
        self._process = self._run("postgres", "-D", data, "-p", str(self.port), *options)
        deadline = time.monotonic() + START_TIMEOUT_S
        while READY not in (log := self._log.read_text(encoding="utf-8")):
            assert self._process.poll() is None, log
            assert time.monotonic() < deadline, log
            time.sleep(0.02)

    def stop(self) -> None:
        """End it, wait, and drop the database."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(START_TIMEOUT_S)
        shutil.rmtree(self._folder)

    @property
    def _log(self) -> Path:
        return self._folder / "log"

    def _run(self, program: str, *options: str) -> subprocess.Popen[bytes]:
        assert PROGRAMS is not None
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [str(PROGRAMS / program), *options], cwd=self._folder, stdout=log, stderr=log, user=USER
            )
