"""How much a test with a long form does: enough for `make test`, or all that `make soak` has time for."""

import os


def effort(usual: int, soak: int) -> int:
    """Choose how many jobs or examples a test runs."""
    return soak if os.environ.get("SOAK") else usual
