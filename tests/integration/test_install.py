"""The client in an API that has another BullMQ than it was built with or no NestJS, and on a Node that is too old."""

import json
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.acceptance.envelopes import themed_envelope
from tests.acceptance.processes import PROJECT
from tests.environment import clean_environment
from tests.integration.conftest import CLIENT, INSTALLED, INTEGRATION, install, make_api, readme_code
from tests.integration.mock import mock_worker
from tests.redis_server import RedisServer

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


PLAIN_OPTIONS = {"target": "ES2022", "strict": True, "exactOptionalPropertyTypes": True, "skipLibCheck": True}
# The second one is that of older projects, which know no `exports`.
MODULES = {
    "bullmq-6": {"module": "Node16"},
    "bullmq": {"module": "CommonJS", "moduleResolution": "Node10", "esModuleInterop": True},
}
# What a project in plain TypeScript has itself.
PLAIN_HAS = ("@types/node", "undici-types", "zod")


def compile_readme_in(api: Path, options: dict[str, object] = COMPILER_OPTIONS, *names: str) -> None:
    """Compile the README's blocks, or some of them, as the API's own code."""
    shown = {name: code for name, code in readme_code().items() if not names or name in names}
    for name, code in shown.items():
        (api / f"{name}.ts").write_text(code, encoding="utf-8")
    settings = {"compilerOptions": options, "files": [f"{name}.ts" for name in shown]}
    (api / "tsconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    compiler = INSTALLED / "typescript" / "bin" / "tsc"
    done = subprocess.run(["node", str(compiler)], cwd=api, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout


def run_node(project: Path, *arguments: str, **variables: str) -> str:
    """Run Node in a project; give what it prints."""
    environment = clean_environment(**variables)
    done = subprocess.run(
        ["node", *arguments], cwd=project, check=False, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def make_plain_project(folder: Path, tarball: Path, bullmq: str) -> None:
    """Make a project with the tarball, Zod and one BullMQ; it has no NestJS."""
    modules = folder / "node_modules"
    (modules / "@types").mkdir(parents=True)
    for name in PLAIN_HAS:
        (modules / name).symlink_to(INSTALLED / name)
    (modules / "bullmq").symlink_to(INSTALLED / bullmq)
    install(tarball, folder)


def test_the_tarball_holds_what_an_api_needs(tarball: Path) -> None:
    """The compiled client, its schema and README; no example, no sources."""
    with tarfile.open(tarball) as packed:
        names = {name.removeprefix("package/") for name in packed.getnames()}
    assert {"README.md", "package.json", "schema.json", "dist/src/index.js", "dist/src/index.d.ts"} <= names
    paths = json.loads((INTEGRATION / "package.json").read_text(encoding="utf-8"))["exports"]
    files = [file for entry in paths.values() for file in (entry.values() if isinstance(entry, dict) else [entry])]
    assert {file.removeprefix("./") for file in files} <= names
    others = {name for name in names if not name.startswith("dist/src/")}
    assert others == {"README.md", "package.json", "schema.json"}


def test_the_readme_compiles_with_the_tarball(api: Path) -> None:
    """As it is documented, with BullMQ 6."""
    compile_readme_in(api)


def test_the_readme_compiles_with_a_linked_folder(built: Path, tmp_path: Path) -> None:
    """The client's types are of BullMQ 5.71 then, and the API's job of 6."""
    api = make_api(tmp_path)
    (api / "node_modules" / CLIENT).symlink_to(INTEGRATION)
    compile_readme_in(api, COMPILER_OPTIONS, "faculytics")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("contract", {"zod"}), ("client", {"zod", "bullmq"}), ("testing", {"zod", "bullmq"})],
)
def test_the_types_of_a_path_name_only_what_it_needs(built: Path, path: str, allowed: set[str]) -> None:
    """A type that cannot be found would be `any` to a project that skips the check of libraries, as most do."""
    todo, seen, named = [built / "src" / f"{path}.d.ts"], set(), set()
    while todo:
        file = todo.pop()
        seen.add(file)
        for module in re.findall(r"(?:from|import\()\s*'([^']+)'", file.read_text(encoding="utf-8").replace('"', "'")):
            if module.startswith("."):
                todo += [target for target in [(file.parent / f"{module}.d.ts").resolve()] if target not in seen]
            else:
                named.add(module)
    assert {module.partition("/")[0] for module in named} <= allowed


@pytest.mark.parametrize("bullmq", MODULES)
def test_plain_typescript_needs_no_nest(bullmq: str, tarball: Path, own_redis: RedisServer, tmp_path: Path) -> None:
    """The README's script compiles with both BullMQ, and gets topics over Redis."""
    make_plain_project(tmp_path, tarball, bullmq)
    compile_readme_in(tmp_path, PLAIN_OPTIONS | MODULES[bullmq], "plain", "testing")
    (tmp_path / "batch.json").write_text(json.dumps({"items": themed_envelope(12, 4)["items"]}), encoding="utf-8")
    script = "require('./plain').main(require('./batch.json'))"
    redis = {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(own_redis.port)}
    with mock_worker(tmp_path / "node_modules" / CLIENT / "dist" / "src", own_redis.port):
        assert re.match(r"\[\s*'0_\w+", run_node(tmp_path, "-e", script, **redis))


def test_a_path_loads_what_it_needs(tarball: Path, tmp_path: Path) -> None:
    """Without NestJS the README's unit tests pass, and ES modules find each path; a front end needs Zod."""
    make_plain_project(tmp_path, tarball, "bullmq-6")
    for name in ("plain", "testing"):
        shutil.copy(INTEGRATION / "dist" / "example" / f"{name}.js", tmp_path)
    assert "# pass 2" in run_node(tmp_path, "--test", "--test-reporter=tap", "testing.js")
    module = """
      import { TopicModelClient, WaitTimeout } from 'topic-model-client/client';
      import { parseResult, topicModelRequest } from 'topic-model-client/contract';
      import { InMemoryTopicModelClient } from 'topic-model-client/testing';
      const names = [TopicModelClient, WaitTimeout, parseResult, topicModelRequest.safeParse, InMemoryTopicModelClient];
      const nest = await import('topic-model-client').catch((error) => error.message.split('\\n')[0]);
      console.log(names.every((name) => typeof name === 'function'), nest);
    """
    told = run_node(tmp_path, "--input-type=module", "-e", module)
    assert told == "true Cannot find module '@nestjs/common'\n"
    for path in ("contract", "testing"):
        loads = f"require('topic-model-client/{path}'); console.log(Object.keys(require.cache).join('\\n'))"
        loaded = [file for file in run_node(tmp_path, "-e", loads).splitlines() if CLIENT not in file]
        assert loaded
        assert all(f"node_modules{os.sep}zod" in file for file in loaded)


def test_the_install_lines_have_the_versions_that_the_suite_runs_with() -> None:
    """Each package of a line is one of `devDependencies`, in its version, and each peer is in the lines."""
    package = json.loads((INTEGRATION / "package.json").read_text(encoding="utf-8"))
    readme = (INTEGRATION / "README.md").read_text(encoding="utf-8")
    lines = re.findall(r"npm install \./topic-model-client-(\S+)\.tgz (.*)$", readme, re.MULTILINE)
    named = [re.fullmatch(r"(@?[^@]+)@(.+)", each) for _, packages in lines for each in packages.split()]
    pairs = {match.groups() for match in named if match}
    assert len(lines) == 2
    assert all(named)
    assert {version for version, _ in lines} == {package["version"]}
    assert pairs <= set(package["devDependencies"].items())
    assert set(package["peerDependencies"]) <= {name for name, _ in pairs}
    optional = {name for name, meta in package["peerDependenciesMeta"].items() if meta == {"optional": True}}
    assert optional == {name for name in package["peerDependencies"] if name.startswith("@nestjs/")}


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
