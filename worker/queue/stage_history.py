"""How long the stages of this worker's last jobs took, and what that says of the time that a job still needs."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

# How many of the last jobs of each kind are remembered.
REMEMBERED: Final = 50
# How many of them an estimate is the median of: those whose numbers of items are nearest.
NEAREST: Final = 5
# A job of more than four times as many items, or of fewer than a quarter, says little: a part of each stage's time does
# not grow with the items, and other parts grow faster.
MAX_RATIO: Final = 4.0


@dataclass(frozen=True)
class _PastJob:
    n_items: int
    stages: tuple[str, ...]
    durations_s: tuple[float, ...]


class StageHistory:
    """The stages of the jobs that this worker has completed since its start, by kind of job."""

    def __init__(self) -> None:
        """Begin without any job."""
        self._jobs: dict[str, deque[_PastJob]] = {}

    def add(self, kind: str, n_items: int, durations_s: Mapping[str, float]) -> None:
        """Remember a completed job.

        Args:
            kind: of job.
            n_items: of its batch, at least 1.
            durations_s: of its stages after the validation, in the order in which they first began.
        """
        job = _PastJob(n_items, tuple(durations_s), tuple(durations_s.values()))
        self._jobs.setdefault(kind, deque(maxlen=REMEMBERED)).append(job)

    def left_s(self, kind: str, n_items: int, begun: Sequence[str]) -> float | None:
        """Estimate how long a job still needs, in seconds, at the moment in which a stage begins.

        Each earlier job of the same kind that went through the same stages says how long it took from that stage on,
        scaled by the number of items. The estimate is the median of the jobs that are nearest in size.

        Args:
            kind: of job.
            n_items: of its batch, at least 1.
            begun: its stages after the validation, in order; the last one begins now.

        Returns:
            None if no earlier job is like this one.
        """
        stages = tuple(begun)
        alike = [
            (max(ratio, 1 / ratio), ratio * sum(job.durations_s[len(stages) - 1 :]))
            # The newest first: the sort is stable, so it is preferred among jobs of the same size.
            for job in reversed(self._jobs.get(kind, ()))
            if job.stages[: len(stages)] == stages and 1 / MAX_RATIO <= (ratio := n_items / job.n_items) <= MAX_RATIO
        ]
        nearest = sorted(alike, key=lambda pair: pair[0])[:NEAREST]
        return median(left for _, left in nearest) if nearest else None
