"""What a fresh process takes to be ready, and what it computes then: one JSON document on stdout."""

import json
import subprocess
import sys

from tests.effort import cpu_s
from tests.small_model import small_model
from worker.topics.bertopic.imports import import_lightly


def main() -> None:
    """Have numpy and torch imported in another process, then import what the compute process does; then compute."""
    began_s = cpu_s()
    subprocess.run([sys.executable, "-c", "import numpy, torch"], check=True)
    usual_s = cpu_s() - began_s
    import_lightly()
    from worker.topics.words.loading import load_model

    load_model(str(small_model()), "cpu")
    # From the process's own start, as that of the other.
    ready_s = cpu_s() - usual_s

    from tests.topics.cold_process import compute

    print(json.dumps(compute() | {"cpu_ratio": ready_s / usual_s}))


if __name__ == "__main__":
    main()
