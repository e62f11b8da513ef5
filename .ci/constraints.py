"""Write what pip needs to build the environment of poetry.lock: constraints, and the dev requirements.

Names that the lock holds once are pinned to its version; the few that it holds in several
versions, by platform, are left to pip. A constraint installs nothing by itself, so a CPU build of
torch brings no CUDA package along.

    python .ci/constraints.py FOLDER    writes FOLDER/constraints.txt and FOLDER/dev.txt
"""

import sys
import tomllib
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main(folder: Path) -> None:
    """Write both files."""
    lock = tomllib.loads((ROOT / "poetry.lock").read_text(encoding="utf-8"))["package"]
    counts = Counter(package["name"] for package in lock)
    pins = [f"{package['name']}=={package['version']}" for package in lock if counts[package["name"]] == 1]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    dev = sorted(project["tool"]["poetry"]["group"]["dev"]["dependencies"])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "constraints.txt").write_text("\n".join(pins) + "\n", encoding="utf-8")
    (folder / "dev.txt").write_text("\n".join(dev) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
