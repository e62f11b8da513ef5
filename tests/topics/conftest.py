"""What the engine's tests share."""

import pytest

from tests.small_model import small_model


@pytest.fixture(scope="session")
def real_model() -> str:
    """Give the path of a real, small model."""
    return str(small_model())
