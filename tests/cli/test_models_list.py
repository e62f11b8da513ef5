"""`models list`: tenants, versions, and what is damaged."""

from pathlib import Path

import pytest

from tests.cli.answers import T1, V1, V2, Answer, Ask, Fitted, put
from tests.cli.kept_models import grown
from worker.models.model_file import to_files
from worker.store.store import ModelStore


def test_list_shows_each_tenant(store: ModelStore, ask: Ask, model: Fitted) -> None:
    """With the active version, its topics that reports show, and its size."""
    put(store, "alpha", model[0], T1, "job-3")
    table = ask("list")
    assert (table.code, table.err) == (0, "")
    lines = table.out.splitlines()
    assert lines[0].split() == [
        "topics",
        "documents",
        "size",
        "versions",
        "tenant",
        "active",
        "version",
        "since",
        "(UTC)",
    ]
    assert ["alpha" in lines[2], "campus-3" in lines[3]] == [True, True]
    alpha, campus = ask("list", "--json").json
    assert (alpha["active"], alpha["topics"], alpha["documents"]) == (V1, 4, 120)
    assert (campus["active"], campus["topics"], campus["documents"], campus["versions"]) == (V2, 3, 620, 2)
    assert campus["bytes"] == len(to_files(grown(model[0]))[0]["model.safetensors"])


def test_an_empty_store_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ask: Ask) -> None:
    """It is no error, and nothing is made."""
    monkeypatch.setenv("MODEL_STORE", str(tmp_path / "none"))
    missing = f"no models in {tmp_path / 'none'}: there is no such folder; MODEL_STORE names it\n"
    assert ask("list") == Answer(0, missing, "")
    assert ask("list", "--json").json == []
    assert not (tmp_path / "none").exists()


def test_a_file_is_no_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ask: Ask) -> None:
    """A wrong MODEL_STORE does not look like one without models."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("MODEL_STORE", str(tmp_path / "file"))
    line = f"python -m worker: model store: {tmp_path / 'file'} is not a folder; MODEL_STORE must name one\n"
    assert ask("list") == ask("show", "campus-3") == Answer(3, "", line)


def test_list_of_a_tenant_shows_its_versions(store: ModelStore, ask: Ask, model: Fitted) -> None:
    """The newest first; a damaged one stays in the list."""
    table = ask("list", "campus-3").out.splitlines()
    assert table[0].split() == ["topics", "documents", "size", "version", "made", "from"]
    assert [line.split()[-3:] for line in table[2:]] == [[V2, "active", V1], ["kB", V1, "-"]]
    newer, older = ask("list", "campus-3", "--json").json
    assert (newer["version"], newer["active"], newer["madeFrom"], newer["documents"]) == (V2, True, V1, 620)
    assert (older["version"], older["active"], older["madeFrom"], older["topics"]) == (V1, False, None, 4)
    config = Path(str(store.location), "campus-3", V1, "config.json")
    config.write_bytes(config.read_bytes()[:-1])
    damaged = ask("list", "campus-3", "--json")
    assert (damaged.code, [row["documents"] for row in damaged.json]) == (3, [620, None])
    assert "config.json was changed" in damaged.err


def test_a_damaged_tenant_is_listed_with_a_warning(store: ModelStore, ask: Ask, model: Fitted) -> None:
    """The others are listed as ever, and scripts see it by the exit code."""
    put(store, "alpha", model[0], T1, "job-3")
    config = Path(str(store.location), "campus-3", V2, "config.json")
    config.write_bytes(config.read_bytes().replace(b"seen", b"Seen"))
    answer = ask("list", "--json")
    assert answer.code == 3
    assert [(row["tenant"], row["topics"]) for row in answer.json] == [("alpha", 4), ("campus-3", None)]
    assert "config.json was changed" in answer.err
    assert ask("rollback", "campus-3").code == 0
    assert ask("list", "--json").code == 0
