"""Modules that wait until somebody looks into them."""

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.processes import PROJECT
from worker.topics.lazy_imports import deferred, is_waiting

# A fork for each module that waits: it is the first one to be executed, and then everything else still works.
_EACH_FIRST = """
import importlib, json, os, sys
from worker.topics.bertopic.imports import import_lightly

import_lightly()
from worker.topics.lazy_imports import execute, is_waiting
from worker.topics.lazy_modules import WAITING

failed = []
for name in [name for name in WAITING if is_waiting(name)]:
    if (child := os.fork()) == 0:
        try:
            module = importlib.import_module(name)
            execute(module)
            for known in WAITING[name]:
                getattr(module, known)
            code = int(is_waiting(name))
        except BaseException:
            code = 1
        os._exit(code)
    if os.waitpid(child, 0)[1] != 0:
        failed.append(name)
waiting = [name for name in WAITING if is_waiting(name)]
import sentence_transformers, torch, umap
from torch.distributions import Normal

with torch.device("meta"):
    shape = list(torch.nn.Linear(3, 2)(torch.zeros(4, 3)).shape)
print(json.dumps({"failed": failed, "waiting": len(waiting), "shape": shape, "mean": float(Normal(2.0, 1.0).mean)}))
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make a package `waits_here` whose modules say that they were executed; give its name."""
    folder = tmp_path / "waits_here"
    folder.mkdir()
    (folder / "__init__.py").write_text("EXECUTED = True\n", encoding="utf-8")
    (folder / "below.py").write_text("BELOW = 1\n", encoding="utf-8")
    lines = ("class Shape:\n    sides = 4\n", "def add(a, b=1):\n    return a + b\n", "print('executed')\n")
    (folder / "leaf.py").write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in [name for name in sys.modules if name.startswith("waits_here")]:
        monkeypatch.delitem(sys.modules, name)
    return "waits_here"


def _import(name: str, *known: str) -> Any:
    with deferred({name: known}):
        return importlib.import_module(name)


def test_a_module_waits_until_it_is_looked_into(package: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The first question for something in it executes it, once."""
    leaf = _import(f"{package}.leaf")
    assert is_waiting(f"{package}.leaf")
    assert capsys.readouterr().out == ""
    assert leaf.add(2) == 3
    assert not is_waiting(f"{package}.leaf")
    assert "add" in dir(leaf)
    assert capsys.readouterr().out == "executed\n"


def test_what_is_known_by_name_stands_in(package: str) -> None:
    """Functions and classes can be imported by name, and do what the real ones do."""
    leaf = _import(f"{package}.leaf", "Shape", "add")
    shape, add = leaf.Shape, leaf.add
    assert is_waiting(f"{package}.leaf")
    assert add(2, b=5) == 7
    assert not is_waiting(f"{package}.leaf")
    assert shape.sides == 4
    assert isinstance(leaf.Shape(), shape)

    class Square(shape):  # type: ignore[misc]
        """Derived from what stood in."""

    assert issubclass(Square, leaf.Shape)


def test_a_package_waits_while_what_is_below_it_is_imported(package: str) -> None:
    """Its own code is executed only if something of its own is asked for."""
    waiting = _import(package)
    assert importlib.import_module(f"{package}.below").BELOW == 1
    assert is_waiting(package)
    assert waiting.below.BELOW == 1
    assert is_waiting(package)
    assert waiting.EXECUTED
    assert not is_waiting(package)


def test_what_is_not_there_is_not_there(package: str) -> None:
    """A name that the module does not have is an AttributeError, as always."""
    leaf = _import(f"{package}.leaf")
    with pytest.raises(AttributeError, match="nothing"):
        _ = leaf.nothing


@pytest.mark.slow
def test_each_module_can_be_the_first_and_all_can_be_used() -> None:
    """Whichever module is executed first, it works; and language models, umap-learn and torch's meta tensors do."""
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _EACH_FIRST],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        check=True,
        timeout=300,
    )
    told = json.loads(run.stdout)
    assert told["failed"] == []
    assert told["waiting"] > 40
    assert told["shape"] == [4, 2]
    assert told["mean"] == 2.0
