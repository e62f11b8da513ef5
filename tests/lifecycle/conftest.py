"""An empty store for a test."""

from pathlib import Path

import pytest

from worker.lifecycle import models


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Give an empty store, in a process that has read no model."""
    models._models.clear()
    return tmp_path / "models"
