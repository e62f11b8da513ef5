"""What all acceptance tests need: the Node producers, installed."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.processes import NODE_PROJECT
from tests.once import once_for_all_processes

INSTALLED = NODE_PROJECT / "node_modules" / ".installed"
INSTALL_TIMEOUT_S = 240


@pytest.fixture(scope="session", autouse=True)
def node_project(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Install the producers if pytest was started without make."""
    if not INSTALLED.exists():
        once_for_all_processes("node", tmp_path_factory, _install)


def _install(_: Path) -> None:
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.fail("Node or npm is missing: apt-get install nodejs npm", pytrace=False)
    command = [npm, "install", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(command, cwd=NODE_PROJECT, check=True, timeout=INSTALL_TIMEOUT_S)
    INSTALLED.touch()
