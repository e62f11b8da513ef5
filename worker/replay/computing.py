"""The compute process of a run that a person started: its stages are told on the terminal."""

import asyncio
from typing import Any, Self

from worker.compute.compute import Compute
from worker.compute.config import ComputeConfig
from worker.compute.tasks import Task
from worker.lifecycle.events import StoreUsed, StoreWarning, TaskEvent, VersionsRemoved
from worker.replay.terminal import Terminal
from worker.settings import Settings
from worker.topics.fit import BatchWarning, StageFinished


class Computing:
    """Runs tasks; each in a process of its own, unless one says that another follows.

    Attributes:
        stages: that have finished, in order.
    """

    def __init__(self, settings: Settings, terminal: Terminal, n_more_fits: int = 0) -> None:
        """Take the settings, where to tell what happens, and how many more fits come with each, for the deadline."""
        self._settings = settings
        self._terminal = terminal
        self._n_more_fits = n_more_fits
        self._runner = asyncio.Runner()
        self._compute: Compute | None = None
        self._has_engine = False
        self.stages: list[StageFinished] = []

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process, if one is left."""
        try:
            self._end()
        finally:
            self._runner.close()

    def run(
        self,
        task: Task,
        n_stages: int,
        n_fits: int = 1,
        *,
        needs_engine: bool = True,
        more_s: float = 0,
        another_follows: bool = False,
    ) -> Any:
        """Run a task and give what it gives.

        Args:
            task: to run.
            n_stages: of its kind of job, the validation among them.
            n_fits: how many fits it makes.
            needs_engine: whether the process has to load the engine.
            more_s: how much longer than its fits it may take.
            another_follows: whether the process waits for another task; if only that one needs the engine, it gets a
                process of its own.

        Raises:
            WorkerError: the process could not be set up, or the task failed.
        """
        timeout_s = more_s + self._settings.job_timeout_s * n_fits * (1 + self._n_more_fits)
        try:
            with self._terminal.progress(n_fits * (n_stages - 1)):
                return self._runner.run(self._run(task, timeout_s, needs_engine=needs_engine))
        except BaseException:
            another_follows = False
            raise
        finally:
            if not another_follows:
                self._end()

    async def _run(self, task: Task, timeout_s: float, *, needs_engine: bool) -> Any:
        if self._compute is not None and needs_engine and not self._has_engine:
            compute, self._compute = self._compute, None
            await compute.close()
        if self._compute is None:
            self._has_engine = needs_engine
            self._compute = Compute(ComputeConfig.of(self._settings, needs_engine=needs_engine))
            self._terminal.say("starting the compute process")
            ready = await self._compute.start()
            self._terminal.say(f"device: {ready.device}")
            (self._terminal.warn if ready.is_fallback else self._terminal.say)(ready.message)
        return await self._compute.run(task, timeout_s=timeout_s, on_stage=self.on_stage)

    def _end(self) -> None:
        compute, self._compute = self._compute, None
        if compute is not None:
            self._runner.run(compute.close())

    def on_stage(self, event: TaskEvent) -> None:
        """Tell a stage, or what a person should know of the model store."""
        if isinstance(event, StoreWarning | BatchWarning):
            self._terminal.warn(event.line)
            return
        if isinstance(event, VersionsRemoved):
            self._terminal.say(f"old versions of {event.tenant} removed: {', '.join(event.versions)}")
            return
        if isinstance(event, StoreUsed):
            return
        if isinstance(event, StageFinished):
            self.stages.append(event)
        self._terminal.on_stage(event)
