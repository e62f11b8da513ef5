"""What every analysis of a table does before anything is computed."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import numpy as np
import pytest

from tests.contract.envelopes import make_envelope
from worker.analyses import training
from worker.analyses.analysis import Analysis
from worker.analyses.evaluating import evaluate
from worker.analyses.request import Asked
from worker.analyses.training import train
from worker.analyses.tuning import tune
from worker.contract.envelope import Rejection, read_envelope
from worker.exit_codes import ExitCode
from worker.jobs.registry import KINDS
from worker.replay.computing import Computing
from worker.replay.embedding import Embedder
from worker.replay.extras import read_extras
from worker.replay.files import UnwritableFile
from worker.replay.request import Request
from worker.replay.table_batch import TableBatch
from worker.replay.terminal import Terminal
from worker.settings import Settings
from worker.store.errors import StoreUnavailable
from worker.store.retention import Retention
from worker.store.store import ModelStore
from worker.tables.comments import Comments
from worker.tables.table import UnreadableTable
from worker.topics.fit import NoTopics


def test_a_model_of_a_table_lets_old_versions_go_as_one_of_a_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """MODEL_KEEP_VERSIONS holds for both: a table that is trained on each day must not fill the store."""
    tasks: list[Any] = []

    def run(_: Analysis, __: object, task: object, *___: object) -> NoTopics:
        tasks.append(task)
        return NoTopics.NO_CLUSTERS

    batch = read_envelope(make_envelope(20) | {"model": {"tenant": "default"}})
    monkeypatch.setattr(Analysis, "batch", lambda *_, **__: batch)
    monkeypatch.setattr(Analysis, "run", run)
    settings = Settings.from_environment({"MODEL_KEEP_VERSIONS": "3", "MODEL_KEEP_ACTIVATIONS": "2"})
    assert train(Asked("comments.csv"), settings) is ExitCode.FAILED
    assert [task.retention for task in tasks] == [Retention(3, 2)]


def test_a_report_tries_changes_of_what_was_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kept topic has ten comments at least: other values must not be tried with smaller ones."""
    tried: list[Any] = []
    monkeypatch.setattr(training, "checked_changes", lambda batch, _, task, *__: tried.append((batch, task)) or ())
    for name in ("Session", "make_view", "write_report", "source_of"):
        monkeypatch.setattr(training, name, lambda *_, **__: None)
    batch = read_envelope(make_envelope(40) | {"params": {}})
    training._report("out.html", MagicMock(as_trained=Analysis.as_trained), MagicMock(), batch)
    ((used, task),) = tried
    assert used.params.min_cluster_size == 10
    assert [variant.min_cluster_size for variant in task.variants] == [10]


@pytest.mark.parametrize(("analyze", "kind"), [(evaluate, "topic-model"), (tune, "topic-model.tune")])
def test_what_is_measured_or_tried_is_what_train_would_keep(
    analyze: Callable[[Asked, Settings], ExitCode], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kept model has no topic of fewer than ten comments unless that was asked for."""
    tasks: list[Any] = []

    def run(_: Analysis, __: object, task: Any, *___: object, **____: object) -> Any:
        tasks.append(task)
        return NoTopics.NO_CLUSTERS if kind.endswith("tune") else (NoTopics.NO_CLUSTERS,)

    monkeypatch.setattr(Analysis, "run", run)
    for params, smallest in (({}, 10), ({"min_topic_size": 4}, 4)):
        batch = KINDS[kind].read(make_envelope(40) | {"type": kind, "params": params})
        monkeypatch.setattr(Analysis, "batch", lambda *_, _batch=batch, **__: _batch)
        assert analyze(Asked("comments.csv"), Settings.from_environment({})) is ExitCode.FAILED
        task = tasks.pop()
        used = task.params if kind.endswith("tune") else task.variants[0]
        assert used.min_cluster_size == smallest


def test_embeddings_that_cannot_be_kept_are_not_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An hour of embedding must not end in the line that the folder is read-only."""
    embedder = _embedder(tmp_path / "nowhere" / "a.csv", fails=True)
    with pytest.raises(UnwritableFile, match=r"cannot write .*a\.csv\.embeddings\.npz"):
        embedder.embed(Comments(("1",), ("a",)))
    assert capsys.readouterr().err == ""


def test_a_model_that_cannot_be_kept_is_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An hour of embedding must not end in the line that the store is read-only. To look makes no folder."""
    monkeypatch.setattr(Analysis, "batch", lambda *_, **__: pytest.fail("it has begun"))
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable, match="file/models cannot be written: "):
        train(Asked("comments.csv"), Settings.from_environment({"MODEL_STORE": str(tmp_path / "file" / "models")}))
    ModelStore(str(tmp_path / "new" / "models")).check_writable()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


def test_a_file_that_is_not_there_holds_no_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Equal comments are embedded once, which does not mean that the others were there before."""
    comments = Comments(("1", "2"), ("a", "a"))
    _embedder(tmp_path / "a.csv").embed(comments)
    assert "are new" not in capsys.readouterr().err
    _embedder(tmp_path / "a.csv", fails=True).embed(comments)
    assert "embeddings: 0 texts are new, the others are in" in capsys.readouterr().err


def test_once_takes_the_columns_that_a_report_shows(tmp_path: Path) -> None:
    """--facet and --sentiment name columns of a table; one that is not there is told before anything is embedded."""
    path = tmp_path / "a.csv"
    path.write_text("comment,teacher,stars\na,Cruz,5\n,Lim,2\nb,,1\n", encoding="utf-8")
    asked = Request(source=str(path), report="x.html", facets=("teacher",), sentiment="stars")
    terminal = Terminal(sys.stderr)
    smallest: list[dict[str, Any]] = [{"min_topic_size": 2}]
    data = TableBatch(str(path), asked.keys_of_items, terminal).envelope(_embedder(path), smallest, lambda _: None)
    assert [sorted(item) for item in data["items"]] == [["embedding", "stars", "submissionId", "teacher", "text"]] * 2
    extras = read_extras(asked, data)
    assert (extras.facets, extras.moods) == ({"teacher": ("Cruz", "")}, ("praise", "complaint"))
    with pytest.raises(UnreadableTable, match="has no column techer; it has comment, teacher, stars"):
        TableBatch(str(path), ("techer",), terminal)


def test_a_table_that_is_refused_is_not_embedded(tmp_path: Path) -> None:
    """Too few are too few whatever the model makes of them; a sweep needs one value that they are enough for."""
    path = tmp_path / "a.csv"
    path.write_text("comment\n" + "".join(f"comment {row}\n" for row in range(12)), encoding="utf-8")
    asked = Asked(str(path))
    with Analysis(asked, Settings.from_environment({})) as analysis:
        analysis.computing.run = lambda *_, **__: pytest.fail("it has begun")  # type: ignore[method-assign]
        refused = analysis.batch(KINDS["topic-model"])
    assert isinstance(refused, Rejection)
    assert refused.error.startswith("Received 12 items, need at least 15")
    table = TableBatch(str(path), (), Terminal(sys.stderr))
    bare = table.envelope(_embedder(path, fails=True), [{}, {"min_topic_size": 20}], lambda _: None)
    assert read_envelope(bare) == refused
    seen: list[int] = []
    table.envelope(_embedder(path), [{}, {"min_topic_size": 6}], lambda batch: seen.append(batch.n_items))
    assert seen == [12]


def _embedder(table: Path, *, fails: bool = False) -> Embedder:
    """Give an embedder that keeps embeddings beside a table, with a model that costs nothing, or must not be used."""
    return Embedder(_Model(fails=fails), Terminal(sys.stderr), "model", str(table))


class _Model(Computing):
    """Embeds whatever it is given in the same way, or fails the test."""

    def __init__(self, *, fails: bool = False) -> None:
        super().__init__(Settings.from_environment({}), Terminal(sys.stderr))
        self._fails = fails

    def run(self, task: Any, *_: object, **__: object) -> Any:
        assert not self._fails
        return np.ones((len(task.texts), 4), dtype=np.float32)
