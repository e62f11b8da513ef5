"""A process of its own that updates one tenant again and again: `python -m tests.store.racer URL NAME N`.

A model here is a JSON list of who was counted. Prints how often the process lost and the seconds of each write and
activation that won.
"""

import json
import sys
import time

from worker.store.activation import Activation
from worker.store.errors import LostRace
from worker.store.store import ModelStore

TENANT = "campus-3"
BALLAST = bytes(400_000)


def update(store: ModelStore, comment: str) -> tuple[int, float]:
    """Count one comment: read the active model, add to it, keep it, and do it all again if another was first.

    Returns:
        How often it lost; seconds of the write and the activation that won.
    """
    n_lost = 0
    while True:
        active = store.active(TENANT)
        counted = [] if active is None else read(store, active)
        began_s = time.perf_counter()
        files = {"counted.json": json.dumps([*counted, comment]).encode(), "ballast": BALLAST}
        version = store.write(TENANT, files, {"n": len(counted) + 1}, parent=active.version if active else None)
        try:
            store.activate(TENANT, version, after=active, job_id=comment)
        except LostRace:
            store.delete_version(TENANT, version)
            n_lost += 1
        else:
            return n_lost, time.perf_counter() - began_s


def read(store: ModelStore, active: Activation) -> list[str]:
    """Give who was counted in the active model."""
    files, _ = store.read(TENANT, active.version)
    return [str(each) for each in json.loads(files["counted.json"])]


def main() -> None:
    """Update, and say how it went."""
    url, name, n_updates = sys.argv[1:]
    store = ModelStore(url)
    # All begin together: once each has said so, the one who started them answers.
    print("ready", flush=True)
    sys.stdin.readline()
    done = [update(store, f"{name}-{number}") for number in range(int(n_updates))]
    print(json.dumps({"lost": sum(lost for lost, _ in done), "seconds": [seconds for _, seconds in done]}))


if __name__ == "__main__":
    main()
