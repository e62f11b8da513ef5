"""The files that are looked at, and the tools that look at them."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from worker.settings import Settings

PROJECT = Path(__file__).resolve().parent.parent.parent
DOCKER = PROJECT / "docker"
KUBERNETES = DOCKER / "kubernetes"
BULL_BOARD = DOCKER / "bull-board"
SETTINGS = {field.alias for field in Settings.model_fields.values()}
# What the worker is given between the end of the grace period and being killed: to hand back, close and exit.
MIN_MARGIN_S = 10


def read_yaml(path: Path) -> Any:
    """Parse a file of one document."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def manifests() -> list[dict[str, Any]]:
    """Parse every Kubernetes manifest, in the order of the file names."""
    files = sorted(set(KUBERNETES.glob("*.yaml")) - {KUBERNETES / "kustomization.yaml"})
    return [document for file in files for document in yaml.safe_load_all(file.read_text(encoding="utf-8"))]


def manifest(kind: str) -> dict[str, Any]:
    """Give the one manifest of a kind."""
    (found,) = [document for document in manifests() if document["kind"] == kind]
    return found


def settings_env() -> dict[str, str]:
    """Read the settings from which kustomize makes the ConfigMap."""
    lines = (KUBERNETES / "settings.env").read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}


def dashboard() -> dict[str, Any]:
    """Parse the Grafana dashboard."""
    parsed: dict[str, Any] = json.loads((DOCKER / "grafana" / "topic-model-worker.json").read_text(encoding="utf-8"))
    return parsed


def pip_tool(name: str) -> str:
    """Find a command that a development dependency brings."""
    path = Path(sys.executable).parent / name
    assert path.exists(), f"{name} is missing: make test installs it"
    return str(path)


def system_tool(name: str, package: str) -> str:
    """Find a command that pip cannot install; without it the test is left out, with this line."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not here: apt-get install {package}")
    return path


def check(*command: str, cwd: Path = PROJECT) -> str:
    """Run a checker, and show what it says if it complains."""
    done = subprocess.run(command, cwd=cwd, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def duration_s(text: str) -> float:
    """Read a duration of compose: `40s`, `1m`."""
    return float(text[:-1]) * {"s": 1, "m": 60}[text[-1]]
