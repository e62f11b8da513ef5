"""The worker's own version, as the response document and `--version` show it."""

import tomllib
from importlib import metadata
from pathlib import Path
from typing import Final

_DISTRIBUTION: Final = "topic-model-worker"
_PYPROJECT: Final = Path(__file__).resolve().parent.parent / "pyproject.toml"


def _find_version() -> str:
    # A checkout comes first: an older copy of the package may be installed beside it.
    if _PYPROJECT.is_file():
        project = tomllib.loads(_PYPROJECT.read_text(encoding="utf-8")).get("project", {})
        if project.get("name") == _DISTRIBUTION:
            return str(project["version"])
    return metadata.version(_DISTRIBUTION)


WORKER_VERSION: Final = _find_version()
