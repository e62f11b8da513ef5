"""The command that `pip install` gives, and the `.env` that it reads."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.processes import PROJECT
from tests.contract.envelopes import make_envelope
from tests.environment import clean_environment

COMMAND = Path(sys.executable).with_name("topic-model-worker")
TIMEOUT_S = 60


def run(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder."""
    env = clean_environment(**({"PYTHON_DOTENV_DISABLED": "0"} | variables))
    return subprocess.run(
        [COMMAND, *arguments], cwd=folder, env=env, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )


def test_the_command_is_the_worker(tmp_path: Path) -> None:
    """Without a file `.env`, or with a folder of that name."""
    (tmp_path / ".env").mkdir()
    module = [sys.executable, "-m", "worker", "--version"]
    version = subprocess.run(module, env=clean_environment(), capture_output=True, text=True, check=True).stdout
    assert run(tmp_path, "--version").stdout == version
    assert run(tmp_path, "cancel").returncode == 2


@pytest.mark.slow
def test_the_command_computes(tmp_path: Path) -> None:
    """The compute process starts under it as under `python -m worker`."""
    (tmp_path / ".env").write_text("TOPIC_MODEL_TEST_ENGINE=tests.replay.engines:two_topics\n", encoding="utf-8")
    (tmp_path / "batch.json").write_text(json.dumps(make_envelope()), encoding="utf-8")
    done = run(tmp_path, "--once", "batch.json", DEVICE="cpu", PYTHONPATH=str(PROJECT))
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["topics"]) == 2


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("DEVICE=gpu", "DEVICE: must be auto, cpu, cuda or cuda:N"),
        ("export TOPIC_MODEL_QUEUE='a:b'  # ours", "TOPIC_MODEL_QUEUE: must not hold a colon"),
        ("BULLMQ_PREFIX=${PATH} x", "BULLMQ_PREFIX: must hold neither spaces"),
    ],
)
def test_a_setting_may_stand_in_a_file(tmp_path: Path, line: str, told: str) -> None:
    """In the folder in which the command is given; as it stands there."""
    (tmp_path / ".env").write_text(f"# a comment\n{line}\n", encoding="utf-8")
    refused = run(tmp_path)
    assert refused.returncode == 2
    assert told in refused.stderr


def test_the_environment_comes_first(tmp_path: Path) -> None:
    """What is set there holds, whatever the file says."""
    (tmp_path / ".env").write_text("DEVICE=gpu\nHEALTH_PORT=70000\n", encoding="utf-8")
    refused = run(tmp_path, DEVICE="cpu")
    assert "HEALTH_PORT: must be at most 65535" in refused.stderr
    assert "DEVICE" not in refused.stderr


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """By its path; nothing of what stands in it is shown."""
    (tmp_path / ".env").write_bytes(b"REDIS_URL=redis://:ses\xffame@localhost\n")
    refused = run(tmp_path)
    assert refused.returncode == 2
    assert f"{tmp_path / '.env'} cannot be read: it is not UTF-8" in refused.stderr
    assert "ses" not in refused.stderr
