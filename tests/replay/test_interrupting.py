"""A replay that is interrupted or killed leaves no process behind."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.replay.processes import ENVELOPE, REPOSITORY, WAIT_S, environment_with, write


@pytest.fixture
def hanging(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A replay whose engine has begun and will not end."""
    path = write(tmp_path / "job.json", ENVELOPE)
    with subprocess.Popen(
        [sys.executable, "-m", "worker", "--once", path],
        cwd=REPOSITORY,
        env=environment_with("hangs"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stderr is not None
        while b"neighbours" not in (line := process.stderr.readline()):
            assert line, "the replay ended before its engine began"
        yield process
        process.kill()


def test_ctrl_c_ends_cleanly(hanging: subprocess.Popen[bytes]) -> None:
    """Ctrl-C ends the compute process and the command, with 130 and one line."""
    children = _children(hanging.pid)
    hanging.send_signal(signal.SIGINT)
    stdout, stderr = hanging.communicate(timeout=WAIT_S)
    assert hanging.returncode == 130
    assert stdout == b""
    assert stderr.decode().splitlines()[-1] == "python -m worker: interrupted"
    assert b"Traceback" not in stderr
    _assert_gone(children)


@pytest.mark.slow
def test_a_killed_replay_leaves_no_process(hanging: subprocess.Popen[bytes]) -> None:
    """SIGTERM takes the compute process along."""
    children = _children(hanging.pid)
    hanging.send_signal(signal.SIGTERM)
    hanging.communicate(timeout=WAIT_S)
    _assert_gone(children)


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    children = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    assert children, "the compute process is not there to be ended"
    return children


def _assert_gone(pids: list[int]) -> None:
    deadline_s = time.monotonic() + WAIT_S
    while any(_is_running(pid) for pid in pids):
        assert time.monotonic() < deadline_s, "a compute process was left behind"
        time.sleep(0.02)


def _is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
