"""Standard input, output and error of `--once`: a terminal, a pipe, a stream that is closed, any locale."""

import gzip
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.replay.processes import ENVELOPE, REPOSITORY, WAIT_S, environment_with, result_of, run, write


@pytest.mark.slow
@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_stdin_is_read(compress: Any, environment: dict[str, str]) -> None:
    """`-` takes the batch from stdin, compressed or not."""
    raw = compress(json.dumps(ENVELOPE).encode())
    process = run("--once", "-", env=environment, stdin=raw)
    assert process.returncode == 0, process.stderr.decode()
    assert result_of(process)["status"] == "completed"


def test_result_on_a_terminal_is_indented(tmp_path: Path, environment: dict[str, str]) -> None:
    """A person gets lines that can be read, a program one line."""
    master, slave = pty.openpty()
    path = write(tmp_path / "job.json", {})
    command = [sys.executable, "-m", "worker", "--once", path]
    with subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=slave, stderr=subprocess.DEVNULL) as process:
        assert process.wait(WAIT_S) == 1
    os.close(slave)
    shown = os.read(master, 10_000).decode()
    os.close(master)
    assert shown.startswith("{\r\n  ")
    assert json.loads(shown)["error"] == "Invalid envelope: items: is required"


@pytest.mark.slow
def test_closed_stdout_is_no_traceback(tmp_path: Path, environment: dict[str, str]) -> None:
    """A reader that has gone away costs the result, and one line says so."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    process = subprocess.run(
        [sys.executable, "-m", "worker", "--once", write(tmp_path / "job.json", ENVELOPE)],
        cwd=REPOSITORY,
        env=environment,
        stdout=write_end,
        stderr=subprocess.PIPE,
        timeout=WAIT_S,
        check=False,
    )
    os.close(write_end)
    assert process.returncode == 3
    told = process.stderr.decode()
    assert told.splitlines()[-1] == "warning: the result could not be written to stdout"
    assert "BrokenPipe" not in told


@pytest.mark.slow
def test_closed_stderr_costs_nothing(tmp_path: Path) -> None:
    """The result is written even if nobody reads the progress."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    process = subprocess.run(
        [sys.executable, "-m", "worker", "--once", write(tmp_path / "job.json", ENVELOPE)],
        cwd=REPOSITORY,
        env=environment_with("no_clusters"),
        stdout=subprocess.PIPE,
        stderr=write_end,
        timeout=WAIT_S,
        check=False,
    )
    os.close(write_end)
    assert json.loads(process.stdout)["error"] == "BERTopic produced 0 topics"
    assert process.returncode == 1


@pytest.mark.slow
def test_result_is_utf8_under_any_locale(tmp_path: Path) -> None:
    """Letters beyond ASCII reach stdout under LANG=C."""
    env = environment_with("two_topics", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    process = run("--once", write(tmp_path / "job.json", ENVELOPE), env=env)
    assert process.returncode == 0, process.stderr.decode()
    assert "señor" in process.stdout.decode("utf-8")
