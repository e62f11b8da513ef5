"""The command line in the test's own process, and batches and sessions that several modules share."""

import gzip
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.envelopes import themed_envelope
from tests.browser import Browser
from tests.replay.commands import EXAMPLE, ask, environment_of, told
from tests.replay.processes import environment_with
from tests.replay.report_pages import DRAWN, HOSTILE, LONG
from tests.replay.sessions import session_of
from tests.replay.small_batch import EXPLAINED, NASTY, SMALL
from worker.cli.main import main
from worker.replay.session import Session

Call = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Call:
    """Give what runs the worker in this environment; it starts a compute process, but no process for the command."""

    def call(*arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
        for name in sorted(os.environ.keys() - env.keys()):
            monkeypatch.delenv(name)
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        capfdbinary.readouterr()
        code = main(list(arguments))
        return subprocess.CompletedProcess(arguments, code, *capfdbinary.readouterr())

    return call


@pytest.fixture
def ask_here(call: Call) -> Call:
    """Give what does as `tests.replay.commands.ask`."""

    def ask(*arguments: object, **variables: str) -> subprocess.CompletedProcess[bytes]:
        return call(*map(str, arguments), env=environment_of(**variables))

    return ask


@pytest.fixture(scope="session")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a small batch of three themes, one comment of which would like to be a script."""
    envelope = themed_envelope(**SMALL)
    envelope["items"][3]["text"] += " " + NASTY
    path = tmp_path_factory.mktemp("batch") / "job.json"
    path.write_text(json.dumps(envelope))
    return path


@pytest.fixture(scope="session")
def plain(batch: Path) -> dict[str, Any]:
    """Fit the batch as it is in this process, once for all tests, without diagnostics; give the result."""
    document = session_of(json.loads(batch.read_text()), diagnose=False).document
    return json.loads(json.dumps(document))


@pytest.fixture(scope="session")
def varied(batch: Path) -> dict[str, Any]:
    """Fit the batch with other parameters in this process; give the result."""
    params = {"nr_topics": 2, "umap_n_neighbors": 28}
    document = session_of(json.loads(batch.read_text()) | {"params": params}, diagnose=False).document
    return json.loads(json.dumps(document))


@pytest.fixture(scope="session")
def inspected(batch: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[bytes], Path]:
    """Run the batch once for all tests: from a file whose name is no UTF-8, with the other parameters and all flags."""
    folder = tmp_path_factory.mktemp("inspected")
    odd, report = folder / os.fsdecode(b"\xffjob.json"), folder / "out.html"
    envelope = json.loads(batch.read_text()) | {"model": {"tenant": "campus-3"}}
    odd.write_text(json.dumps(envelope))
    item = envelope["items"][EXPLAINED]
    change = ("--set", "nr_topics=9", "--set", "nr_topics=2", "--set", "umap_n_neighbors=28")
    inspect = ("--report", report, "--explain", item["submissionId"], "--stability", "2")
    keep = ("--save-bertopic", folder / "bertopic")
    process = ask("--once", odd, *change, *inspect, *keep, MODEL_STORE=str(folder / "models"))
    assert process.returncode == 0, told(process)
    return process, report


@pytest.fixture(scope="session")
def session() -> Session:
    """Four clean themes of twelve comments."""
    return session_of(themed_envelope(12, 4))


@pytest.fixture
def environment() -> dict[str, str]:
    """Give a clean environment with an engine that finds two topics."""
    return environment_with("two_topics")


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the report of the example batch; one comment would like to be a script, one hardly ends."""
    folder = tmp_path_factory.mktemp("report")
    envelope = json.loads(gzip.decompress(EXAMPLE.read_bytes()))
    # So few that clusters are joined: their topics have parts.
    envelope["params"] = {**envelope.get("params", {}), "nr_topics": 6}
    envelope["items"][0]["text"] = f"{HOSTILE} {envelope['items'][0]['text']}"
    envelope["items"][0]["submissionId"] = "=nasty <b>"
    envelope["items"][1]["text"] += " " + LONG
    for position, item in enumerate(envelope["items"]):
        month = 1 + position % 4
        item |= {"stars": position % 5 + 1, "teacher": ("Cruz", "<i>Lim")[position % 2], "sent": f"2026-0{month}-11"}
    batch = folder / "job.json"
    batch.write_text(json.dumps(envelope))
    report = folder / "out.html"
    asked = ("--title", "Courses <spring>", "--sentiment", "stars", "--facet", "teacher", "--facet", "sent")
    asked = (*asked, "--set", "umap_n_neighbors=19")
    process = ask("--once", batch, "--report", report, *asked)
    assert process.returncode == 0, told(process)
    return report


@pytest.fixture(scope="package")
def opened(page: Path) -> Iterator[Browser]:
    """Open the page once, wide and light, for all who only look or put back what they changed."""
    with Browser() as browser:
        browser.open(page)
        browser.wait_until(DRAWN)
        yield browser
