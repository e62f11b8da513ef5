"""`topic-model-mock` as a process, as `npx` would start it."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import PREFIX
from tests.environment import clean_environment


@contextmanager
def mock_worker(client: Path, port: int, *options: str, exit_code: int = 0) -> Iterator[None]:
    """Run the mock of a built client until the context ends; it must end in time.

    Args:
        client: the folder of the compiled client.
        port: of Redis on 127.0.0.1.
        options: of the mock.
        exit_code: of the mock when it is stopped.
    """
    command = ["node", str(client / "mock" / "main.js"), "--redis", f"redis://127.0.0.1:{port}", *options]
    with subprocess.Popen(
        [*command, "--prefix", PREFIX, "--stage-ms", "1"],
        env=clean_environment(),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"topic-model-mock: takes jobs of the queue topic-model, prefix {PREFIX}\n"
        try:
            yield
        finally:
            process.terminate()
            try:
                process.communicate(timeout=60)
            finally:
                process.kill()
        assert process.returncode == exit_code
