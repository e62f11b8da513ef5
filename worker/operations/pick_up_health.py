"""Whether jobs can be picked up: what Redis said to each step of it, and whether it says anything."""

import time
from typing import Final

# BullMQ blocks for ten seconds at most, and redis-py waits thirty for an answer.
SILENT_S: Final = 60.0


class PickUps:
    """Notes how each step of a pick-up goes: on the event loop, asked for from anywhere.

    While a job is in progress no step is under way, and so there is no silence to complain of.
    """

    def __init__(self) -> None:
        """Begin with nothing refused and nothing under way."""
        self._asked_at_s: dict[str, float] = {}
        self._refusals: dict[str, str] = {}

    def on_asked(self, step: str) -> None:
        """Note that a step begins."""
        self._asked_at_s[step] = time.monotonic()

    def on_answered(self, step: str) -> None:
        """Note that Redis carried the step out."""
        self._asked_at_s.pop(step, None)
        self._refusals.pop(step, None)

    def on_refused(self, step: str, reason: str) -> None:
        """Note that Redis answered with an error, in one line."""
        self._asked_at_s.pop(step, None)
        self._refusals[step] = reason

    def on_unanswered(self, step: str) -> None:
        """Note that there was no answer: an outage, of which the count of the queue's jobs tells."""
        self._asked_at_s.pop(step, None)

    def why_not(self) -> str | None:
        """Say why no job can be picked up; None if one can."""
        for _, reason in sorted(self._refusals.copy().items()):
            return f"Redis refuses to hand out jobs: {reason}"
        now_s = time.monotonic()
        silent_s = max((now_s - asked_s for asked_s in self._asked_at_s.copy().values()), default=0.0)
        if silent_s > SILENT_S:
            return f"Redis has not answered a pick-up for {silent_s:.0f} s"
        return None
