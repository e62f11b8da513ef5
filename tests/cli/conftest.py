"""A store with a tenant of two versions, and what asks of it."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.cli.answers import T1, V1, V2, Answer, Ask, Fitted, put
from tests.cli.kept_models import fitted, grown
from worker.cli.main import main
from worker.store.store import ModelStore


@pytest.fixture(scope="session")
def model() -> Fitted:
    """Fit once for all tests."""
    return fitted()


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: Fitted) -> ModelStore:
    """Give a store with a tenant of two versions, the second active."""
    monkeypatch.setenv("MODEL_STORE", str(tmp_path / "models"))
    store = ModelStore(str(tmp_path / "models"))
    assert put(store, "campus-3", model[0], T1, "job-1") == V1
    assert put(store, "campus-3", grown(model[0]), T1 + timedelta(days=7), "job-2") == V2
    return store


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Ask:
    """Run `python -m worker models …` in this process."""

    def run(*arguments: str) -> Answer:
        capsys.readouterr()
        try:
            code = main(["models", *arguments])
        except SystemExit as ended:
            code = int(ended.code or 0)
        captured = capsys.readouterr()
        return Answer(code, captured.out, captured.err)

    return run
