"""`models delete` and `models gc`: what goes, and who is asked."""

import os
import pty
import subprocess
import sys

import pytest

from tests.cli.answers import T1, V1, V2, Ask, Fitted, put
from tests.environment import clean_environment
from worker.store.store import ModelStore


def test_delete_asks_and_says_what_goes(store: ModelStore, ask: Ask, model: Fitted) -> None:
    """Without a terminal it needs --yes; other tenants stay."""
    put(store, "alpha", model[0], T1, "job-3")
    refused = ask("delete", "--tenant", "campus-3")
    assert (refused.code, "--yes" in refused.err) == (2, True)
    assert "2 versions (" in refused.out
    assert len(store.versions("campus-3")) == 2
    gone = ask("delete", "--tenant", "campus-3", "--yes", "--json").json
    assert (gone["tenant"], gone["versions"], gone["activations"]) == ("campus-3", 2, 2)
    assert store.tenants() == ["alpha"]
    assert ask("delete", "--tenant", "campus-3", "--yes").code == 2


@pytest.mark.parametrize(("typed", "left"), [("y\n", []), ("\n", ["campus-3"])])
def test_delete_takes_an_answer_from_a_terminal(store: ModelStore, typed: str, left: list[str]) -> None:
    """Nothing but yes deletes."""
    ours, theirs = pty.openpty()
    os.write(ours, typed.encode())
    done = subprocess.run(
        [sys.executable, "-m", "worker", "models", "delete", "--tenant", "campus-3"],
        env=clean_environment(MODEL_STORE=str(store.location)),
        stdin=theirs,
        capture_output=True,
        text=True,
        check=False,
    )
    os.close(ours)
    os.close(theirs)
    assert (done.returncode, done.stderr) == (0, "delete all models of campus-3? [y/N] ")
    assert store.tenants() == left


def test_gc_says_what_would_go_and_then_removes_it(
    store: ModelStore, ask: Ask, model: Fitted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the settings."""
    monkeypatch.setenv("MODEL_KEEP_VERSIONS", "1")
    monkeypatch.setenv("MODEL_KEEP_ACTIVATIONS", "1")
    told = ask("gc", "--dry-run")
    assert (told.code, V1 in told.out, "would remove: 1 version (" in told.out) == (0, True, True)
    assert len(store.versions("campus-3")) == 2
    done = ask("gc", "--json").json
    assert [(each["tenant"], each["versions"], each["bytes"] > 0) for each in done] == [("campus-3", [V1], True)]
    assert store.versions("campus-3") == [V2]
    assert ask("gc", "--json").json == []
    assert ask("gc").out.startswith("there is nothing to remove\n")
    monkeypatch.setenv("MODEL_KEEP_VERSIONS", "0")
    assert "MODEL_KEEP_VERSIONS is 0" in ask("gc").out
    assert ask("gc", "--json").json == []
