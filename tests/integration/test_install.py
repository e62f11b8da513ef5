"""The client in an API that has another BullMQ than it was built with, and on a Node that is too old."""

import json
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.acceptance.processes import PROJECT
from tests.integration.conftest import CLIENT, INSTALLED, INTEGRATION, make_api, readme_code

# Nest's own settings, and the strictest checks.
COMPILER_OPTIONS = {
    "target": "ES2022",
    "module": "Node16",
    "strict": True,
    "exactOptionalPropertyTypes": True,
    "experimentalDecorators": True,
    "emitDecoratorMetadata": True,
    "skipLibCheck": True,
    "noEmit": True,
}


def compile_readme_in(api: Path) -> None:
    """Compile the README's code as the API's own."""
    (api / "faculytics.ts").write_text(readme_code(), encoding="utf-8")
    settings = {"compilerOptions": COMPILER_OPTIONS, "files": ["faculytics.ts"]}
    (api / "tsconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    compiler = INSTALLED / "typescript" / "bin" / "tsc"
    done = subprocess.run(["node", str(compiler)], cwd=api, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout


def test_the_tarball_holds_what_an_api_needs(tarball: Path) -> None:
    """The compiled client, its schema and README; no example, no sources."""
    with tarfile.open(tarball) as packed:
        names = {name.removeprefix("package/") for name in packed.getnames()}
    assert {"README.md", "package.json", "schema.json", "dist/src/index.js", "dist/src/index.d.ts"} <= names
    others = {name for name in names if not name.startswith("dist/src/")}
    assert others == {"README.md", "package.json", "schema.json"}


def test_the_readme_compiles_with_the_tarball(api: Path) -> None:
    """As it is documented, with BullMQ 6."""
    compile_readme_in(api)


def test_the_readme_compiles_with_a_linked_folder(built: Path, tmp_path: Path) -> None:
    """The client's types are of BullMQ 5.71 then, and the API's job of 6."""
    api = make_api(tmp_path)
    (api / "node_modules" / CLIENT).symlink_to(INTEGRATION)
    compile_readme_in(api)


@pytest.mark.parametrize(
    ("version", "is_old_enough"),
    [("v18.20.4", False), ("v20.9.0", False), ("v20.11.0", True), ("v22.1.0", True), ("v100.0.0", True)],
)
def test_make_says_which_node_it_needs(tmp_path: Path, version: str, is_old_enough: bool) -> None:
    """In one line, before npm has its say; Debian 12's Node is 18."""
    tools, project = tmp_path / "tools", tmp_path / "project"
    (project / "node_modules").mkdir(parents=True)
    (project / "package.json").touch()
    tools.mkdir()
    for name, says in {"node": version, "npm": "npm installs"}.items():
        (tools / name).write_text(f"#!/bin/sh\necho {says}\n", encoding="utf-8")
        (tools / name).chmod(0o755)
    done = subprocess.run(
        ["make", "--silent", "-f", str(PROJECT / "Makefile"), "project/node_modules/.installed"],
        cwd=tmp_path,
        check=False,
        env={"PATH": f"{tools}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (done.returncode == 0) is is_old_enough
    expected = "npm installs" if is_old_enough else f"Node 20.11 or later is needed; this is {version}"
    assert done.stdout.splitlines() == [expected]
