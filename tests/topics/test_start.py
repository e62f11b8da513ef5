"""What a cold process loads."""

import sys
from typing import Any

import pytest

from worker.topics.bertopic.parts import not_installed


@pytest.mark.slow
def test_nothing_is_loaded_that_does_not_run(cold_processes: list[dict[str, Any]]) -> None:
    """No compiler and no language model if neither is used; both can be imported afterwards."""
    for told in cold_processes:
        assert told["loaded"] == []
        assert told["available"] == ["transformers", "umap"]


def test_what_is_loaded_already_stays() -> None:
    """Only what nobody has imported yet is hidden, and nothing afterwards."""
    before = dict(sys.modules)
    with not_installed("numpy", "no_such_package"):
        assert sys.modules["numpy"] is before["numpy"]
        assert sys.modules["no_such_package"] is None
    assert "no_such_package" not in sys.modules
