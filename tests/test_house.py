"""The house's limits: small modules, short functions, few parameters; and the lists that name what must exist."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sharing import GROUPS

PROJECT = Path(__file__).parent.parent
WORKER = PROJECT / "worker"
MODULES = sorted(path.relative_to(WORKER).as_posix() for path in WORKER.rglob("*.py"))
MAX_LINES, MAX_FUNCTION_LINES, MAX_PARAMETERS = 250, 50, 6
# The engine's public function, whose parameters have names and defaults.
PUBLIC_ENGINE = frozenset({"fit_topics"})

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(module: str) -> Iterator[Function]:
    """Give each function of a module, those of its classes and those inside others too."""
    tree = ast.parse((WORKER / module).read_text(encoding="utf-8"))
    yield from (node for node in ast.walk(tree) if isinstance(node, Function))


def parameters(function: Function) -> list[str]:
    """Name the parameters of a function but for `self` and `cls`."""
    arguments = function.args
    names = [each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return [name for name in names if name not in {"self", "cls"}]


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_small_and_so_are_its_functions(module: str) -> None:
    """Up to 250 lines a module, 50 lines and six parameters a function."""
    n_lines = len((WORKER / module).read_text(encoding="utf-8").splitlines())
    too_long = [f"{module} has {n_lines} lines"] if n_lines > MAX_LINES else []
    for function in functions(module):
        place = f"{module}:{function.lineno} {function.name}"
        length = (function.end_lineno or function.lineno) - function.lineno + 1
        if length > MAX_FUNCTION_LINES:
            too_long.append(f"{place} has {length} lines")
        n_parameters = len(parameters(function))
        if n_parameters > MAX_PARAMETERS and function.name not in PUBLIC_ENGINE:
            too_long.append(f"{place} has {n_parameters} parameters")
    assert not too_long


@pytest.mark.parametrize("beginning", [beginning for group in GROUPS for beginning in group])
def test_tests_that_run_in_one_process_exist(beginning: str) -> None:
    """A test that was renamed would run apart from those whose worker or result it shares."""
    file, _, name = beginning.partition("::")
    assert f"def {name}" in (PROJECT / file).read_text(encoding="utf-8")
