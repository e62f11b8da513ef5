"""A compute process for a test."""

from collections.abc import AsyncIterator

import pytest

from tests.compute.batches import config
from worker.compute.compute import Compute


@pytest.fixture
async def compute() -> AsyncIterator[Compute]:
    """Give a compute process with the engine that does what the first text says."""
    compute = Compute(config())
    yield compute
    await compute.close()
    assert compute.pid is None
