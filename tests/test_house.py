"""The house's limits: small modules, short functions, few parameters; and the lists that name what must exist."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sharing import GROUPS

PROJECT = Path(__file__).parent.parent
# What is shipped; of the tests the functions count, and not the modules: a table of cases is long and read by the row.
SHIPPED = ("worker", "integration/python", "examples", "docker", ".ci")
MAX_LINES, MAX_FUNCTION_LINES, MAX_PARAMETERS = 250, 50, 6
# The engine's public function, whose parameters have names and defaults.
PUBLIC_ENGINE = frozenset({"fit_topics"})

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(module: str) -> Iterator[Function]:
    """Give each function of a module, those of its classes and those inside others too."""
    tree = ast.parse((PROJECT / module).read_text(encoding="utf-8"))
    yield from (node for node in ast.walk(tree) if isinstance(node, Function))


def parameters(function: Function) -> list[str]:
    """Name the parameters of a function but for `self` and `cls`."""
    arguments = function.args
    names = [each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return [name for name in names if name not in {"self", "cls"}]


def modules() -> Iterator[str]:
    """Give each module from the project's folder; of the packages that npm installs none."""
    for folder in (*SHIPPED, "tests"):
        paths = (path.relative_to(PROJECT) for path in (PROJECT / folder).rglob("*.py"))
        yield from sorted(path.as_posix() for path in paths if "node_modules" not in path.parts)


def faults_of(module: str) -> Iterator[str]:
    """Name what is too long in a module."""
    n_lines = len((PROJECT / module).read_text(encoding="utf-8").splitlines())
    if n_lines > MAX_LINES and module.startswith(SHIPPED):
        yield f"{module} has {n_lines} lines"
    for function in functions(module):
        place = f"{module}:{function.lineno} {function.name}"
        length = (function.end_lineno or function.lineno) - function.lineno + 1
        if length > MAX_FUNCTION_LINES:
            yield f"{place} has {length} lines"
        n_parameters = len(parameters(function))
        if n_parameters > MAX_PARAMETERS and function.name not in PUBLIC_ENGINE:
            yield f"{place} has {n_parameters} parameters"


def test_modules_are_small_and_so_are_their_functions() -> None:
    """Up to 250 lines a module, 50 lines and six parameters a function; the tests' functions, too."""
    looked_at = list(modules())
    assert {"worker/settings.py", "tests/test_house.py"} < set(looked_at)
    assert [fault for module in looked_at for fault in faults_of(module)] == []


@pytest.mark.parametrize("beginning", [beginning for group in GROUPS for beginning in group])
def test_tests_that_run_in_one_process_exist(beginning: str) -> None:
    """A test that was renamed would run apart from those whose worker or result it shares."""
    file, _, name = beginning.partition("::")
    assert f"def {name}" in (PROJECT / file).read_text(encoding="utf-8")
