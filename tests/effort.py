"""How much a test does: what `make quick` has time for, `make test`, or, in a long form, `make soak`."""

import os
import resource
from typing import Final

# Of the tests that `make quick` runs none takes more than three seconds; on a busy machine up to twice as much.
MOST_CPU_S: Final = 10.0


def effort(usual: int, soak: int) -> int:
    """Choose how many jobs or examples a test runs."""
    return soak if os.environ.get("SOAK") else usual


def cpu_s() -> float:
    """Give the seconds of CPU that this process and its children that have ended have taken."""
    taken = (resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in taken)
