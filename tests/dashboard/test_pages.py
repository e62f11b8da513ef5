"""The pages by Streamlit's own AppTest: what they show of a store, and what they say if there is nothing to show."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.dashboard.conftest import TENANT
from tests.small_model import small_model
from tests.topics.themes import THEMES
from worker.store.store import ModelStore

pytest.importorskip("streamlit", reason="pip install 'topic-model-worker[dashboard]'")
App = Callable[[str], Any]
N_THEMES, PER_THEME = 3, 20


def told(page: Any) -> str:
    """Join all that a page says in words."""
    kinds = (page.info, page.warning, page.error, page.success, page.caption, page.markdown, page.text, page.subheader)
    return "\n".join(str(each.value).replace("\\", "") for kind in kinds for each in kind)


@pytest.mark.parametrize("name", ["explore", "monitor"])
def test_an_empty_store_says_what_to_do(name: str, app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And raises nothing."""
    monkeypatch.setenv("MODEL_STORE", str(tmp_path))
    page = app(name)
    assert not page.exception
    assert "Make one on the page Train." in told(page)


@pytest.mark.slow
def test_explore_searches_filters_and_tells_a_topic(store: ModelStore, app: App) -> None:
    """The words of a topic find it, a number of comments leaves small ones out, and labels are plain text."""
    page = app("explore")
    assert not page.exception
    assert page.metric[0].value == "4"
    (topic,) = [box for box in page.selectbox if box.label == "Topic"]
    assert topic.options[0].startswith("1 · ")  # the largest
    page.slider[0].set_value(50).run()
    assert [box.options for box in page.selectbox if box.label == "Topic"] == [topic.options[:1]]
    page.slider[0].set_value(0)
    page.text_input[0].set_value("grading 7").run()
    (topic,) = [box for box in page.selectbox if box.label == "Topic"]
    assert [option[:2] for option in topic.options] == ["7 "]
    topic.set_value(7).run()
    assert not page.exception
    assert "20 comments" in told(page)
    page.text_input[0].set_value("nowhere").run()
    assert "No topic has these words" in told(page)


@pytest.mark.slow
def test_monitor_tells_drift_and_what_came_and_went(store: ModelStore, app: App) -> None:
    """Of the newest version beside the one that it was made from; damaged versions are left out with a warning."""
    page = app("monitor")
    assert not page.exception
    said = told(page)
    assert "HIGH" in said
    assert "Born: 7 · Fair <b>grading</b>" in said
    assert "Faded: 2 · " in said
    assert "(now in 0)" in said
    rows = page.dataframe[0].value
    assert rows["drift"].tolist() == ["HIGH", "a first fit"]
    oldest = store.versions(TENANT)[-1]
    (Path(store.location.path) / TENANT / oldest / "config.json").write_text("{}", encoding="utf-8")
    __import__("streamlit").cache_resource.clear()
    damaged = app("monitor")
    assert not damaged.exception
    assert "was changed after it was written" in told(damaged)
    assert len(damaged.dataframe[0].value) == 1


def table() -> bytes:
    """Write comments of six words of one theme each."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["id", "comment"])
    for row, words in enumerate([words.split() for words in [*THEMES.values()][:N_THEMES]] * PER_THEME):
        writer.writerow([f"c{row}", " ".join(words[(row + i) % len(words)] for i in range(6))])
    return text.getvalue().encode()


@pytest.mark.slow
def test_a_table_is_trained_and_read_by_topic(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """In this process, without a queue; no comment is logged, and no copy of the table stays."""
    monkeypatch.setenv("MODEL_STORE", str(tmp_path / "models"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "copies"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "copies"))
    (tmp_path / "copies").mkdir()
    monkeypatch.setenv("LABSE_MODEL", str(small_model()))
    monkeypatch.setenv("KEYWORD_ENCODER", "corpus")
    page = app("train")
    upload = ("comments.csv", table(), "text/csv")
    page.file_uploader[0].set_value(upload)
    page.text_input[0].set_value(TENANT)
    page.button[0].click().run()
    page.session_state["train-work"].join()
    page.run()
    assert not page.exception
    assert not page.error, told(page)
    assert f"of {TENANT}." in told(page)
    assert [metric.value for metric in page.metric][:2] == ["60", "3"]
    explored = app("explore")
    explored.file_uploader[0].set_value(upload).run()
    explored.session_state["explore-work"][1].join()
    explored.run()
    assert not explored.exception
    assert not explored.error, told(explored)
    (topic,) = [box for box in explored.selectbox if box.label == "Topic"]
    topic.set_value(0).run()
    in_topic = len(explored.dataframe[0].value) if explored.dataframe else 0
    assert 0 < in_topic <= N_THEMES * PER_THEME
    logged = "".join(capfd.readouterr())
    assert not [words for words in THEMES.values() if words.split()[0] in logged.split()]
    assert not [path for path in (tmp_path / "copies").iterdir() if path.name.startswith("topics-")]


def test_train_asks_for_a_table_and_a_sound_tenant(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything starts; and it says where the topics will be found."""
    monkeypatch.setenv("MODEL_STORE", str(tmp_path))
    monkeypatch.delenv("REDIS_URL", raising=False)
    page = app("train")
    assert "found in this process" in told(page)
    page.button[0].click().run()
    assert "Choose a table first." in told(page)
    page.file_uploader[0].set_value(("a.csv", b"comment\nx\n", "text/csv"))
    page.text_input[0].set_value("Campus 3")
    page.button[0].click().run()
    assert "cannot be a tenant" in told(page)
