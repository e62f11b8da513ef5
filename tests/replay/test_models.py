"""`--once` with a kept model: as a worker would do it, in a store in a folder."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.lifecycle.batches import N_PER_DAY, TENANT, envelope_of, run, seen_by
from tests.replay.commands import refusal, told
from tests.replay.conftest import Call
from worker.store.store import ModelStore

UPDATE, PREDICT, REBUILD = "topic-model.update", "topic-model.predict", "topic-model.rebuild"
ENGINE = {"TOPIC_MODEL_TEST_ENGINE": "tests.lifecycle.theme_engine:fit"}

# Each run starts a process.
pytestmark = pytest.mark.slow


class Folder:
    """A folder of batches, and a store beside it."""

    def __init__(self, path: Path, ask: Call) -> None:
        """Take the folder, and how to run the worker."""
        self.path = path
        self.ask = ask
        self.store = path / "models"

    def batch(self, envelope: dict[str, Any]) -> Path:
        """Write a batch."""
        file = self.path / f"{len(list(self.path.glob('*.json')))}.json"
        file.write_text(json.dumps(envelope), encoding="utf-8")
        return file

    def once(self, envelope: dict[str, Any], *flags: str, code: int = 0) -> tuple[dict[str, Any], str]:
        """Run a batch; give the result and what a person was told."""
        process = self.ask("--once", self.batch(envelope), *flags, MODEL_STORE=str(self.store), **ENGINE)
        assert process.returncode == code, told(process)
        return json.loads(process.stdout), told(process)

    def versions(self) -> list[str]:
        """List the versions that were activated."""
        return [entry.version for entry in ModelStore(str(self.store)).activations(TENANT)]


@pytest.fixture
def folder(tmp_path: Path, ask_here: Call) -> Folder:
    """Give an empty folder."""
    return Folder(tmp_path, ask_here)


def test_each_kind_once(folder: Folder) -> None:
    """Fit, predict, update, rebuild: what is printed tells topics, drift and version, and no comment."""
    fitted, said = folder.once(envelope_of(0))
    version = fitted["model"]["version"]
    assert f"model of campus-3: version {version}" in said
    predicted, said = folder.once(envelope_of(1, PREDICT))
    assert predicted["model"]["version"] == version
    assert "no engine is loaded" in said
    assert "drift: too few comments to tell" in said
    updated, said = folder.once(envelope_of(1, UPDATE))
    assert f"version {updated['model']['version']}, made from {version}" in said
    assert "in all" in said
    assert seen_by(folder.store) == 2 * N_PER_DAY
    # The same file again is another job, as it would be in a queue.
    folder.once(envelope_of(1, UPDATE))
    assert seen_by(folder.store) == 3 * N_PER_DAY
    rebuilt, _ = folder.once(envelope_of(2, REBUILD))
    assert folder.versions()[0] == rebuilt["model"]["version"]
    assert not any(item["text"] in said for item in envelope_of(1)["items"])


def test_what_is_skipped_and_what_fails(folder: Folder) -> None:
    """Skipped is a success; a tenant without a model is a failure by the contract."""
    envelope = envelope_of(0, UPDATE)
    skipped, said = folder.once(envelope | {"items": envelope["items"][:3]})
    assert skipped["status"] == "skipped"
    assert "skipped: Received 3 items" in said
    _, said = folder.once(envelope_of(0, PREDICT), code=1)
    assert 'failed: Tenant "campus-3" has no model yet' in said
    assert not folder.store.exists()


@pytest.mark.parametrize(
    "flags", [["--report", "x.html"], ["--explain", "a"], ["--stability", "2"], ["--sweep", "nr_topics=2,3"]]
)
def test_flags_that_look_into_a_fit_go_with_no_other_kind(folder: Folder, flags: list[str]) -> None:
    """Refused before anything is computed."""
    process = folder.ask("--once", folder.batch(envelope_of(0, PREDICT)), *flags)
    line = f"{flags[0]} looks into a fit, type topic-model; the type of this batch is topic-model.predict"
    assert refusal(process) == line


def test_a_redacted_job_keeps_its_kind_and_hides_its_tenant(folder: Folder) -> None:
    """A version is a time, and stays."""
    model = {"tenant": "saint-example", "version": "20260321_103500", "other": "words"}
    saved = folder.path / "saved.json"
    folder.ask("--once", folder.batch(envelope_of(0, PREDICT, model=model)), "--save-job", str(saved), "--redact")
    written = json.loads(saved.read_text(encoding="utf-8"))
    assert (written["type"], written["model"]) == (PREDICT, {"tenant": "tenant", "version": "20260321_103500"})


def test_two_predictions_are_compared(folder: Folder) -> None:
    """They have no metrics."""
    run(envelope_of(0), folder.store, "first")
    documents = [folder.once(envelope_of(1, PREDICT))[0] for _ in range(2)]
    documents[1]["assignments"].pop()
    files = [folder.batch(document) for document in (*documents, {"status": "skipped", "reason": "too few"})]
    compared = folder.ask("--compare", files[0], files[1])
    assert compared.returncode == 0, told(compared)
    assert "A and B differ: 0 documents in another topic" in told(compared)
    assert "was skipped: too few" in told(folder.ask("--compare", files[0], files[2]))
