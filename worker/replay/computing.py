"""The compute process of `--once`: started for one run, its stages told on the terminal."""

from typing import Any

from worker.compute.compute import Compute
from worker.compute.config import ComputeConfig
from worker.compute.tasks import Task
from worker.lifecycle.events import StoreUsed, StoreWarning, TaskEvent
from worker.replay.terminal import Terminal
from worker.settings import Settings
from worker.topics.fit import StageFinished


class Computing:
    """Runs tasks, each in a process of its own.

    Attributes:
        stages: that have finished, in order.
    """

    def __init__(self, settings: Settings, terminal: Terminal, n_more_fits: int) -> None:
        """Take the settings, where to tell what happens, and how many more fits come with each, for the deadline."""
        self._settings = settings
        self._terminal = terminal
        self._n_more_fits = n_more_fits
        self.stages: list[StageFinished] = []

    async def run(self, task: Task, n_stages: int, n_fits: int = 1, *, needs_engine: bool = True) -> Any:
        """Run a task and give what it gives.

        Args:
            task: to run.
            n_stages: of its kind of job, the validation among them.
            n_fits: how many fits it makes.
            needs_engine: whether the process has to load the engine.

        Raises:
            WorkerError: the process could not be set up, or the task failed.
        """
        compute = Compute(ComputeConfig.of(self._settings, needs_engine=needs_engine))
        timeout_s = self._settings.timeout_ms / 1000 * n_fits * (1 + self._n_more_fits)
        try:
            with self._terminal.progress(n_fits * (n_stages - 1)):
                self._terminal.say("starting the compute process")
                ready = await compute.start()
                self._terminal.say(f"device: {ready.device}")
                (self._terminal.warn if ready.is_fallback else self._terminal.say)(ready.message)
                return await compute.run(task, timeout_s=timeout_s, on_stage=self.on_stage)
        finally:
            await compute.close()

    def on_stage(self, event: TaskEvent) -> None:
        """Tell a stage, or what a person should know of the model store."""
        if isinstance(event, StoreWarning):
            self._terminal.warn(event.line)
        if isinstance(event, StoreUsed | StoreWarning):
            return
        if isinstance(event, StageFinished):
            self.stages.append(event)
        self._terminal.on_stage(event)
