"""What all acceptance tests need: the Node producers, installed."""

import shutil
import subprocess

import pytest

from tests.acceptance.processes import NODE_PROJECT

INSTALLED = NODE_PROJECT / "node_modules" / ".installed"
INSTALL_TIMEOUT_S = 240


@pytest.fixture(scope="session", autouse=True)
def node_project() -> None:
    """Install the producers where pytest was started without make."""
    if INSTALLED.exists():
        return
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.fail("Node or npm is missing: apt-get install nodejs npm", pytrace=False)
    command = [npm, "install", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(command, cwd=NODE_PROJECT, check=True, timeout=INSTALL_TIMEOUT_S)
    INSTALLED.touch()
