"""What a fresh process takes to be ready, and what it computes then: one JSON document on stdout."""

import json

from tests.effort import cpu_s
from tests.small_model import small_model
from worker.topics.bertopic.imports import import_lightly


def main() -> None:
    """Import numpy and torch, then all that the compute process does, as it does; then compute."""
    import numpy
    import torch

    assert numpy.__name__ + torch.__name__ == "numpytorch"
    unavoidable_s = cpu_s()
    import_lightly()
    from worker.topics.words.loading import load_model

    load_model(str(small_model()), "cpu")
    ready_s = cpu_s()

    from tests.topics.cold_process import compute

    print(json.dumps(compute() | {"cpu_ratio": ready_s / unavoidable_s}))


if __name__ == "__main__":
    main()
