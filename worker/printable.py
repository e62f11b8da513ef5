"""Text from elsewhere, made fit for one line of a terminal; quick to load, since usage errors need it too."""

import sys


def printable(text: str, most: int = sys.maxsize - 1) -> str:
    """Put spaces in the place of control characters, and cut what is longer than `most`."""
    safe = "".join(char if char.isprintable() else " " for char in text[: most + 1])
    return safe if len(safe) <= most else safe[: most - 1] + "…"
