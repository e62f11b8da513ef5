"""`python -m worker` as a process, for the tests of what it is asked on the command line."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.environment import clean_environment

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLE = REPOSITORY / "examples" / "batch.json.gz"
WAIT_S = 200


def environment_of(**variables: str) -> dict[str, str]:
    """Give the environment of a worker with its own engine, keywords without a model, and these settings."""
    return clean_environment(**{"DEVICE": "cpu", "KEYWORD_ENCODER": "corpus"} | variables)


def ask(*arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[bytes]:
    """Run the worker in such an environment."""
    return subprocess.run(
        [sys.executable, "-m", "worker", *map(str, arguments)],
        cwd=REPOSITORY,
        env=environment_of(**variables),
        capture_output=True,
        timeout=WAIT_S,
        check=False,
    )


def documents_of(process: subprocess.CompletedProcess[bytes]) -> list[dict[str, Any]]:
    """Give the result documents on stdout, without the time they were made at."""
    documents = [json.loads(line) for line in process.stdout.splitlines()]
    for document in documents:
        del document["completedAt"]
    return documents


def told(process: subprocess.CompletedProcess[bytes]) -> str:
    """Give what a person was told."""
    return process.stderr.decode()


def refusal(process: subprocess.CompletedProcess[bytes]) -> str:
    """Give the line a command was refused with: exit code 2, nothing on stdout, no traceback."""
    assert process.returncode == 2, told(process)
    assert process.stdout == b""
    assert "Traceback" not in told(process)
    last = told(process).splitlines()[-1]
    assert last.startswith("python -m worker: ")
    return last.removeprefix("python -m worker: ")
