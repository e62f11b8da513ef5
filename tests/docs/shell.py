"""Blocks of shell commands, run as a reader would run them: in a checkout, with a Redis and this Python."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

from tests.acceptance.processes import PROJECT
from tests.docs.pages import Block
from tests.environment import clean_environment

TIMEOUT_S = 240
# What stays out of the scratch checkout: a reader's own, made anew by the commands.
OWN = {".git", ".venv", "build", "integration"}
# .venv/bin/python of the pages is this Python, and make does not set up anew what is there.
PREAMBLE = """
python() { "$PYTHON" "$@"; }
make() { command make --old-file=.venv/.installed --old-file=.venv/.installed-dev BIN="${PYTHON%/*}" "$@"; }
"""
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
SECONDS = re.compile(r"\d+\\\.\d+\\ s\b")


def make_checkout(folder: Path) -> Path:
    """Make a checkout whose files are the project's, and beside it a folder `api`, as the pages assume."""
    checkout = folder / "topic-model-worker"
    checkout.mkdir()
    for entry in sorted(PROJECT.iterdir()):
        if entry.name not in OWN and not entry.name.endswith("_cache"):
            (checkout / entry.name).symlink_to(entry)
    # npm resolves links before it reads `../../api`: this folder has to be real.
    shutil.copytree(PROJECT / "integration", checkout / "integration", symlinks=True)
    shutil.rmtree(checkout / "integration" / "dist", ignore_errors=True)
    (folder / "api").mkdir()
    (folder / "api" / "package.json").write_text('{"name": "api", "private": true}', encoding="utf-8")
    return checkout


class Shell:
    """Runs blocks in one checkout; what the pages call localhost:6379 and port 8080 is this Redis and a free port."""

    def __init__(self, folder: Path, redis_port: int, health_port: int) -> None:
        """Make the checkout."""
        self.checkout = make_checkout(folder)
        self._ports = {"localhost:6379": f"127.0.0.1:{redis_port}", "8080": str(health_port)}
        self._environment = clean_environment(
            PYTHON=sys.executable,
            REDIS_URL=f"redis://127.0.0.1:{redis_port}",
            KEYWORD_ENCODER="corpus",
            HF_HUB_OFFLINE="1",
            LOG_FORMAT="console",
            npm_config_audit="false",
            npm_config_fund="false",
        )
        self._background: dict[str, subprocess.Popen[str]] = {}

    def run(self, block: Block) -> str:
        """Run a block that ends; give what it printed, stderr included."""
        # The client's own page speaks of the folder that holds the checkout.
        cwd = self.checkout.parent if block.page.parent.name == "integration" else self.checkout
        done = subprocess.run(
            self._command(block.text),
            cwd=cwd,
            env=self._environment,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_S,
        )
        assert done.returncode == 0, f"{block} ended with {done.returncode}:\n{done.stdout}"
        return self._as_on_the_page(done.stdout)

    def start(self, block: Block) -> str:
        """Start a block that goes on, unless another page did; give what it printed until it was up."""
        if block.text in self._background:
            return ""
        process = self._background[block.text] = subprocess.Popen(
            self._command(block.text),
            cwd=self.checkout,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert process.stdout is not None
        killer = threading.Timer(TIMEOUT_S, process.kill)
        killer.start()
        printed = ""
        for line in process.stdout:
            printed += line
            if block.until in line:
                break
        killer.cancel()
        assert block.until in printed, f"{block} ended before it said {block.until}:\n{printed}"
        # Read on, so that the pipe never fills.
        threading.Thread(target=self._drain, args=(process,), daemon=True).start()
        return self._as_on_the_page(printed)

    def stop(self) -> None:
        """End what goes on in the background, as an operator would, and wait."""
        for process in self._background.values():
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(60)

    def _as_on_the_page(self, printed: str) -> str:
        printed = ESCAPE.sub("", printed)
        for said, here in self._ports.items():
            printed = printed.replace(here, said)
        return printed

    @staticmethod
    def _drain(process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout as output:
            for _ in output:
                pass

    def _command(self, text: str) -> list[str]:
        for said, here in self._ports.items():
            text = text.replace(said, here)
        return ["bash", "-euo", "pipefail", "-c", PREAMBLE + text.replace(".venv/bin/python", "python")]


def missing_lines(shown: str, printed: str) -> list[str]:
    """List the shown lines that were not printed, in this order; `…` stands for anything, seconds for any seconds."""
    left = printed.splitlines()
    missing = []
    for line in filter(None, map(str.rstrip, shown.splitlines())):
        if line.strip() == "…":
            continue
        found = next(
            (index for index, candidate in enumerate(left) if _pattern(line).fullmatch(candidate.rstrip())), None
        )
        if found is None:
            missing.append(line)
        else:
            left = left[found + 1 :]
    return missing


def _pattern(line: str) -> re.Pattern[str]:
    pattern = re.escape(re.sub(r"─+", "─", line)).replace("…", ".*").replace("─", "─+")
    return re.compile(SECONDS.sub(r"\\d+\\.\\d+\\ s", pattern))
