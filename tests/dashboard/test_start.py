"""`python -m worker.dashboard`: where it listens, and that it sends no statistics."""

import importlib.util
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.acceptance.processes import PROJECT
from tests.environment import clean_environment
from tests.redis_server import free_port

WAIT_S = 90.0


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """Start the dashboard in an empty folder; give its port once it answers."""
    if importlib.util.find_spec("streamlit") is None:
        pytest.skip("pip install 'topic-model-worker[dashboard]'")
    chosen = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "worker.dashboard", "--server.port", str(chosen)],
        cwd=tmp_path,
        env=clean_environment(PYTHONPATH=str(PROJECT)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + WAIT_S
        while True:
            try:
                with urlopen(f"http://localhost:{chosen}/_stcore/health", timeout=5):
                    break
            except (URLError, OSError):
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.1)
        yield chosen
    finally:
        process.terminate()
        process.wait(WAIT_S)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="asks Linux who listens")
def test_it_listens_on_this_machine_alone(port: int) -> None:
    """No other address of this machine is listened on."""
    sockets = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    listening = [line.split()[1] for line in sockets if line.split()[3] == "0A"]
    assert {address.split(":")[0] for address in listening if int(address.split(":")[1], 16) == port} <= {"0100007F"}


def test_without_streamlit_a_line_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is started."""
    from worker.dashboard import __main__ as start

    monkeypatch.setattr(start.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(SystemExit) as ended:
        start.main()
    assert ended.value.code == 2
    assert "pip install 'topic-model-worker[dashboard]'" in capsys.readouterr().err


def test_statistics_are_off_unless_somebody_sets_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Streamlit's own variables: what is set already stays."""
    from worker.dashboard import __main__ as start

    started: list[list[str]] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(start.importlib.util, "find_spec", lambda _: object())
    monkeypatch.setattr(start.os, "execv", lambda _, arguments: started.append(arguments))
    monkeypatch.setattr(start.os, "environ", environment := {"STREAMLIT_SERVER_ADDRESS": "0.0.0.0"})
    monkeypatch.setattr(start.sys, "argv", ["dashboard", "--server.port", "8601"])
    start.main()
    assert environment["STREAMLIT_BROWSER_GATHER_USAGE_STATS"] == "false"
    assert environment["STREAMLIT_SERVER_ADDRESS"] == "0.0.0.0"
    (arguments,) = started
    assert arguments[-2:] == ["--server.port", "8601"]
    assert arguments[-3].endswith("app.py")
