"""What a cold process loads."""

import sys
from statistics import median
from typing import Any, Final

import pytest

from worker.topics.bertopic.imports import not_installed

# Measured: 0.87 to 0.91; 2.1 and 2.2 when all was executed that is imported.
MOST_CPU_RATIO: Final = 1.4


@pytest.mark.slow
def test_nothing_is_loaded_that_does_not_run(cold_processes: list[dict[str, Any]]) -> None:
    """No compiler and no language model if neither is used; both can be imported afterwards, and what waits, waits."""
    for told in cold_processes:
        assert told["loaded"] == []
        assert told["executed"] == []
        assert told["available"] == ["plotly", "pyarrow", "transformers", "umap"]


@pytest.mark.slow
def test_a_process_is_ready_soon(cold_processes: list[dict[str, Any]]) -> None:
    """To import all that a batch needs, and to load a model, takes hardly more CPU than `import numpy, torch`."""
    assert median(told["cpu_ratio"] for told in cold_processes) < MOST_CPU_RATIO


def test_what_is_loaded_already_stays() -> None:
    """Only what nobody has imported yet is hidden, and nothing afterwards."""
    before = dict(sys.modules)
    with not_installed("numpy", "no_such_package"):
        assert sys.modules["numpy"] is before["numpy"]
        assert sys.modules["no_such_package"] is None
    assert "no_such_package" not in sys.modules
