"""What a cold process loads."""

import os
import subprocess
import sys

import pytest

from worker.topics.bertopic.parts import not_installed

SCRIPT = """
import sys
sys.path[:0] = sys.argv[1:2]
from worker.topics.words.loading import choose_encoder
from worker.topics.pipeline import warm_up
warm_up(choose_encoder("auto", "nobody/no-such-model", "cpu").encoder, "cpu")
print(*sorted({"numba", "transformers", "sentence_transformers", "umap"} & set(sys.modules)))
import umap, transformers
"""


@pytest.mark.slow
def test_nothing_is_loaded_that_does_not_run() -> None:
    """No compiler and no language model where neither is used; both can be had afterwards."""
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, os.getcwd()],
        env=os.environ | {"HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert run.stdout.strip() == ""


def test_what_is_loaded_already_stays() -> None:
    """Only what nobody has imported yet is hidden, and nothing afterwards."""
    before = dict(sys.modules)
    with not_installed("numpy", "no_such_package"):
        assert sys.modules["numpy"] is before["numpy"]
        assert sys.modules["no_such_package"] is None
    assert "no_such_package" not in sys.modules
