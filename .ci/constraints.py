"""Write what pip needs to build the environment of poetry.lock: constraints, and the dev requirements.

A name that the lock holds in one version is pinned to it. If it has one version for each of several Pythons, each
line carries its marker. A name with several versions for one Python, by platform, is left to pip. A constraint
installs nothing by itself, so a CPU build of torch brings no CUDA package along.

    python .ci/constraints.py FOLDER    writes FOLDER/constraints.txt and FOLDER/dev.txt
"""

import re
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FOR_A_PYTHON = re.compile(r'python_version (<|==|>=) "3\.\d+"')


def main(folder: Path) -> None:
    """Write both files."""
    lock = tomllib.loads((ROOT / "poetry.lock").read_text(encoding="utf-8"))["package"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = project["tool"]["poetry"]["group"]["dev"]["dependencies"]
    dev = sorted(_with_marker(name, "" if isinstance(wish, str) else wish["markers"]) for name, wish in wanted.items())
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "constraints.txt").write_text("\n".join(_pins(lock)) + "\n", encoding="utf-8")
    (folder / "dev.txt").write_text("\n".join(dev) + "\n", encoding="utf-8")


def _pins(lock: list[dict[str, Any]]) -> list[str]:
    counts = Counter(package["name"] for package in lock)
    pins = []
    for package in lock:
        pin, marker = f"{package['name']}=={package['version']}", str(package.get("markers", ""))
        if counts[package["name"]] == 1:
            pins.append(pin)
        elif FOR_A_PYTHON.fullmatch(marker):
            pins.append(_with_marker(pin, marker))
    return pins


def _with_marker(requirement: str, marker: str) -> str:
    return f"{requirement} ; {marker}" if marker else requirement


if __name__ == "__main__":
    main(Path(sys.argv[1]))
