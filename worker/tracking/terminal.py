"""The run of what a person started: MLflow is told once the result is written, and the person waits a moment for it."""

from collections.abc import Callable, Mapping
from typing import Any, Final, Self

from worker.settings import Settings
from worker.tracking.tracking import TrackedJob, start_tracking

# MLflow takes seconds to import, and longer if it has to make the tables of its database.
WAIT_S: Final = 60.0


class Tracked:
    """One job of a person, as MLflow is told of it."""

    def __init__(self, settings: Settings, warn: Callable[[str], None]) -> None:
        """Take where runs go, by the settings, and who is told what goes wrong."""
        self._tracking = start_tracking(settings, lambda _, reason, hint: warn(f"MLflow: {reason}; {hint}"))
        self._job: TrackedJob | None = None
        self._wait_s = 0.0

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Wait for MLflow."""
        self.close()

    def begin(self, kind: str, job_id: str, request: object) -> None:
        """Note that the job begins; a sweep does not call this, and is no run."""
        self._job = self._tracking.begin(kind, job_id, request)

    def deliver(self, document: Mapping[str, Any]) -> None:
        """Send the run; the result is written by now."""
        if self._job is not None:
            self._wait_s = WAIT_S
            self._tracking.on_delivered(self._job, dict(document))

    def close(self) -> None:
        """Wait for MLflow if a run was sent; Ctrl-C ends that."""
        self._tracking.close(self._wait_s)
