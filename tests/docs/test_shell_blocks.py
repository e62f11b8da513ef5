"""Every block of shell commands is run, or says why it cannot be and is checked by what it names."""

import functools
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.processes import PROJECT
from tests.deployment.dockerfile import Dockerfile
from tests.deployment.files import DOCKER, SETTINGS
from tests.docs.pages import PAGES, BadMarker, Block, blocks
from tests.docs.shell import Shell, missing_lines
from tests.integration.conftest import node_modules
from tests.redis_server import RedisServer, free_port

# The client's packages, which its page's first command would otherwise download.
__all__ = ["node_modules"]

# What a block may be; each is checked by a test of this folder, and `text` as the output of the block before it.
LANGUAGES = {"sh", "console", "text", "ts", "json", "ini", "mermaid", "python", "redis"}
SHELL = {"sh", "console"}
ALL = [block for page in PAGES for block in blocks(page)]
MARKED = [block for block in ALL if block.not_run]
TO_RUN = sorted({block.page for block in ALL if block.language in SHELL and not block.not_run})
FOLDERS = {path.name for path in PROJECT.iterdir() if path.is_dir()}


@pytest.fixture(scope="session")
def shell(tmp_path_factory: pytest.TempPathFactory, redis_server: RedisServer) -> Iterator[Shell]:
    """Give a shell in a checkout, which all pages share; a worker that one page starts serves the others."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not here: apt-get install curl")
    shell = Shell(tmp_path_factory.mktemp("pages"), redis_server.port, free_port())
    yield shell
    shell.stop()


@pytest.mark.slow
@pytest.mark.parametrize("page", TO_RUN, ids=str)
def test_commands_do_what_the_page_shows(page: Path, shell: Shell) -> None:
    """The page's commands succeed in their order, and print what stands below them."""
    printed = ""
    for block in blocks(page):
        if block.not_run or block.language == "text":
            if block.language == "text" and printed:
                assert not missing_lines(block.text, printed), f"{block}:\n{printed}"
            continue
        if block.language == "sh":
            printed = shell.start(block) if block.until else shell.run(block)
        elif block.language == "console":
            _check_transcript(block, shell)


def _check_transcript(block: Block, shell: Shell) -> None:
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        printed = shell.run(Block(block.page, block.line, "sh", command))
        # Of a counter only its name and labels have to be there.
        names = [re.sub(r" \d+\.0$", " …", line) for line in shown.splitlines()]
        assert not missing_lines("\n".join(names), printed), f"{block}: {command}\n{printed}"


@pytest.mark.parametrize("block", [b for b in MARKED if b.language in SHELL], ids=str)
def test_commands_that_are_not_run_name_what_exists(block: Block) -> None:
    """They are valid shell; their files, make targets, flags, build arguments, secrets and settings exist."""
    done = subprocess.run(["bash", "-n", "-c", block.text], check=False, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    for line in block.text.splitlines():
        words = shlex.split(line, comments=True)
        _check_paths(words, block)
        _check_names(line, block)
        if words[:1] == ["make"]:
            assert words[1] in _make_targets(), f"{block}: make {words[1]}"


def _check_paths(words: list[str], block: Block) -> None:
    for word in words:
        folder = word.partition("/")[0]
        if folder in FOLDERS:
            assert (PROJECT / word).exists(), f"{block}: {word}"


def _check_names(line: str, block: Block) -> None:
    dockerfile = Dockerfile(DOCKER / "Dockerfile")
    arguments = set(dockerfile.arguments) | {
        argument.partition("=")[0] for stage in dockerfile.stages.values() for argument in stage.all("ARG")
    }
    mounts = " ".join(run for stage in dockerfile.stages.values() for run in stage.all("RUN"))
    assert set(re.findall(r"--build-arg (\w+)", line)) <= arguments, f"{block}: {line}"
    assert set(re.findall(r"--env (\w+)", line)) <= SETTINGS, f"{block}: {line}"
    for secret in re.findall(r"--secret id=(\w+)", line):
        assert f"id={secret} " in mounts, f"{block}: {line}"
    if "-m worker" in line:
        command = re.search(r"-m worker (models [a-z]+|train|predict|evaluate|monitor|tune)?", line)
        assert command
        flags = _worker_flags(*(command[1] or "").split())
        assert set(re.findall(r" (--[a-z-]+)", line)) <= flags, f"{block}: {line}"


@functools.cache
def _worker_flags(*words: str) -> frozenset[str]:
    command = [sys.executable, "-m", "worker", *words, "--help"]
    told = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True, timeout=60)
    return frozenset(re.findall(r"--[a-z-]+", told.stdout))


def _make_targets() -> set[str]:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([\w-]+):", makefile, re.MULTILINE))


@pytest.mark.parametrize("block", ALL, ids=str)
def test_every_block_names_its_language(block: Block) -> None:
    """A block without a language would be looked at by no test."""
    assert block.language in LANGUAGES


@pytest.mark.parametrize(
    "marker", ["<!-- not run: -->", "<!-- not run -->", "<!-- run in the background until: -->", "<!-- skip: slow -->"]
)
def test_a_marker_without_a_reason_fails(marker: str) -> None:
    """A block cannot be left out without a word on why."""
    with pytest.raises(BadMarker):
        list(blocks(Path("page.md"), f"{marker}\n```sh\nfalse\n```\n"))


def test_a_marker_with_a_reason_is_read() -> None:
    """The reason and the place are told."""
    (block,) = blocks(Path("page.md"), "# Page\n\n<!-- not run: no engine -->\n```sh\nfalse\n```\n")
    assert (block.not_run, block.line, block.text) == ("no engine", 4, "false\n")


def test_a_marker_belongs_to_one_block() -> None:
    """The second block has its own marker, not the page's first one and all that stands between."""
    page = "<!-- run in the background until: up -->\n```sh\na\n```\nText\n<!-- not run: no engine -->\n```sh\nb\n```\n"
    first, second = blocks(Path("page.md"), page)
    assert (first.until, first.not_run) == ("up", "")
    assert (second.until, second.not_run) == ("", "no engine")


def test_what_was_not_printed_is_found() -> None:
    """Another word, another order and a missing line are told; seconds and what `…` stands for are not."""
    printed = "a 0.51 s  x=1\n  reduce  2.00 s\nend\n"
    assert not missing_lines("a 0.12 s  x=…\n…\n  reduce  0.01 s\nend", printed)
    assert missing_lines("end\na 0.12 s  x=1", printed) == ["a 0.12 s  x=1"]
    assert missing_lines("a 0.12 s  x=2", printed) == ["a 0.12 s  x=2"]


def test_make_targets_on_the_pages_exist() -> None:
    """Each `make` target that a page names is in the Makefile."""
    for page in PAGES:
        named = set(re.findall(r"`make ([\w-]+)", (PROJECT / page).read_text(encoding="utf-8")))
        assert named <= _make_targets(), f"{page}: {named - _make_targets()}"
