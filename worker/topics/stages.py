"""Which stage is running, since when, and what there is to say of it."""

import time

from worker.topics.fit import BatchWarning, OnStage, StageAdvanced, StageFinished, StageStarted


class StageClock:
    """Reports the stages of one batch; entering one ends the one before."""

    def __init__(self, on_stage: OnStage) -> None:
        """Take who wants to know."""
        self._on_stage = on_stage
        self._stage: str | None = None
        self._began = 0.0
        self._notes: dict[str, str | int | float | bool] = {}

    def enter(self, stage: str) -> None:
        """Begin a stage."""
        self.finish()
        self._stage, self._began = stage, time.monotonic()
        self._on_stage(StageStarted(stage))

    def note(self, **details: str | float | bool) -> None:
        """Add what a reader of the log wants to know of the running stage."""
        self._notes |= details

    def note_if_any(self, **counts: int) -> None:
        """Add those counts that are not 0."""
        self._notes |= {name: count for name, count in counts.items() if count}

    def advance(self, share: float) -> None:
        """Say how much of the running stage is done, in [0, 1]."""
        if self._stage is not None:
            self._on_stage(StageAdvanced(self._stage, share))

    def warn(self, line: str) -> None:
        """Tell a person something about the batch, in one line without a comment's words."""
        self._on_stage(BatchWarning(line))

    def finish(self) -> None:
        """End the running stage, if there is one."""
        if self._stage is not None:
            self._on_stage(StageFinished(self._stage, time.monotonic() - self._began, dict(self._notes)))
        self._stage, self._notes = None, {}
