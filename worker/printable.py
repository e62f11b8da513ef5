"""Make text from elsewhere fit for one line of a terminal; imports nothing slow, since usage errors need it too."""

import sys


def printable(text: str, most: int = sys.maxsize - 1) -> str:
    """Replace control characters by spaces, and shorten the text to `most` characters."""
    safe = "".join(char if char.isprintable() else " " for char in text[: most + 1])
    return safe if len(safe) <= most else safe[: most - 1] + "…"
