"""`python -m worker` with an engine of the tests, and what it gave."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.contract.envelopes import make_envelope
from tests.environment import clean_environment

REPOSITORY = Path(__file__).resolve().parents[2]
WAIT_S = 60


def environment_with(engine: str, **variables: str) -> dict[str, str]:
    """Give a clean environment with a test engine."""
    defaults = {"DEVICE": "cpu", "TOPIC_MODEL_TEST_ENGINE": f"tests.replay.engines:{engine}"}
    return clean_environment(**(defaults | variables))


def run(*arguments: str, env: dict[str, str], stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run the worker as a process."""
    return subprocess.run(
        [sys.executable, "-m", "worker", *arguments],
        cwd=REPOSITORY,
        env=env,
        input=stdin,
        capture_output=True,
        timeout=WAIT_S,
        check=False,
    )


def write(path: Path, document: Any) -> str:
    """Write JSON, and give the path."""
    path.write_text(json.dumps(document), encoding="utf-8")
    return str(path)


def result_of(process: subprocess.CompletedProcess[bytes]) -> dict[str, Any]:
    """The document on stdout: exactly one line, and nothing else."""
    assert process.stdout.count(b"\n") == 1, process.stderr.decode()
    assert process.stdout.endswith(b"\n")
    document: dict[str, Any] = json.loads(process.stdout)
    return document


def assert_one_line(process: subprocess.CompletedProcess[bytes], message: str) -> None:
    """Nothing on stdout; the last line of stderr is the error; no traceback."""
    assert process.stdout == b""
    error = process.stderr.decode()
    assert error.splitlines()[-1].startswith(f"python -m worker: {message}"), error
    assert "Traceback" not in error


ENVELOPE = make_envelope(20)
