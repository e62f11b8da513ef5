"""The command line in the test's own process: for what does not depend on how the process was started."""

import os
import subprocess
from collections.abc import Callable

import pytest

from tests.replay.commands import environment_of
from worker.cli.main import main

Call = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Call:
    """Give what runs the worker in this environment; it starts a compute process, but no process for the command."""

    def call(*arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
        for name in sorted(os.environ.keys() - env.keys()):
            monkeypatch.delenv(name)
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        capfdbinary.readouterr()
        code = main(list(arguments))
        return subprocess.CompletedProcess(arguments, code, *capfdbinary.readouterr())

    return call


@pytest.fixture
def ask_here(call: Call) -> Call:
    """Give what does as `tests.replay.commands.ask`."""

    def ask(*arguments: object, **variables: str) -> subprocess.CompletedProcess[bytes]:
        return call(*map(str, arguments), env=environment_of(**variables))

    return ask
