"""The client, built, packed and installed without a download: all is in integration/node_modules."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.processes import PROJECT
from tests.once import once_for_all_processes

INTEGRATION = PROJECT / "integration"
INSTALLED = INTEGRATION / "node_modules"
INSTALL_TIMEOUT_S = 240
CLIENT = "topic-model-client"
# The examples that the README shows, in its order.
SHOWN = ("faculytics", "plain", "testing")
# What an API has itself. Nest's part for BullMQ is copied: a linked one would find the BullMQ that lies beside it.
LINKED = ("@nestjs/bull-shared", "@nestjs/common", "@nestjs/core", "@types", "reflect-metadata", "rxjs", "tslib", "zod")
COPIED = "@nestjs/bullmq"


@pytest.fixture(scope="session", autouse=True)
def node_modules(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Install what the client is built with if pytest was started without make."""
    if not (INSTALLED / ".installed").exists():
        once_for_all_processes("node_modules", tmp_path_factory, _install)


def _install(_: Path) -> None:
    subprocess.run(["make", "integration/node_modules/.installed"], cwd=PROJECT, check=True, timeout=INSTALL_TIMEOUT_S)


@pytest.fixture(scope="session")
def tarball(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile the client and its examples, as strictly as TypeScript can, and pack the client."""
    (packed,) = once_for_all_processes("packed", tmp_path_factory, _pack).iterdir()
    return packed


def _pack(folder: Path) -> None:
    shutil.rmtree(INTEGRATION / "dist", ignore_errors=True)
    subprocess.run(["npm", "run", "--silent", "examples"], cwd=INTEGRATION, check=True, timeout=120)
    command = ["npm", "pack", "--ignore-scripts", "--pack-destination", str(folder)]
    subprocess.run(command, cwd=INTEGRATION, check=True, timeout=120)


@pytest.fixture(scope="session")
def built(tarball: Path) -> Path:
    """Give what was compiled for packing, the example with it."""
    return INTEGRATION / "dist"


@pytest.fixture(scope="session")
def api(tarball: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an API that has BullMQ 6, and the tarball installed."""
    folder = make_api(tmp_path_factory.mktemp("api"))
    install(tarball, folder)
    return folder


def install(tarball: Path, folder: Path) -> None:
    """Unpack the client into a project's node_modules."""
    shutil.unpack_archive(tarball, folder, filter="data")
    (folder / "package").rename(folder / "node_modules" / CLIENT)


def make_api(folder: Path) -> Path:
    """Make an API that has BullMQ 6, and no client yet."""
    modules = folder / "node_modules"
    (modules / "@nestjs").mkdir(parents=True)
    for name in LINKED:
        (modules / name).symlink_to(INSTALLED / name)
    (modules / "bullmq").symlink_to(INSTALLED / "bullmq-6")
    shutil.copytree(INSTALLED / COPIED, modules / COPIED)
    return folder


def readme_code() -> dict[str, str]:
    """Read the code that the README shows, by the example that each block is."""
    readme = (INTEGRATION / "README.md").read_text(encoding="utf-8")
    return dict(zip(SHOWN, re.findall(r"```ts\n(.*?)```", readme, re.DOTALL), strict=True))
