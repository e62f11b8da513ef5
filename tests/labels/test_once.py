"""`python -m worker --once` with a language model's API: a real compute process and a real server."""

import json
from pathlib import Path

import pytest

from tests.labels.label_server import name_all, serving
from tests.lifecycle.batches import envelope_of
from worker.cli.main import main


@pytest.mark.slow
def test_a_person_gets_labels_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """In the result and on the terminal; the key goes to the server and nowhere else."""
    envelope = {**envelope_of(0), "params": {"labels": True}}
    del envelope["model"]
    path = tmp_path / "batch.json"
    path.write_text(json.dumps(envelope), encoding="utf-8")
    with serving(name_all) as server:
        settings = {
            "PYTHON_DOTENV_DISABLED": "1",
            "NO_PROXY": "127.0.0.1",
            "TOPIC_MODEL_TEST_ENGINE": "tests.lifecycle.theme_engine:fit",
            "LABELS_BASE_URL": server.base_url,
            "LABELS_MODEL": "a-model",
            "LABELS_API_KEY": "sesame-key",
        }
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        code = main(["--once", str(path)])
        said = capfd.readouterr()
        assert code == 0, said.err
        assert server.headers[0]["Authorization"] == "Bearer sesame-key"
    topics = json.loads(said.out)["topics"]
    assert [topic["label"] for topic in topics] == [f"About {topic['keywords'][0]}" for topic in topics]
    assert all(topic["label"] in said.err for topic in topics)
    assert "sesame" not in said.out + said.err
