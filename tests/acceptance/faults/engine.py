"""An engine that does what a batch's first text says, and keeps a record of what it began.

"wait NAME"  begins, then waits until the test lets NAME go
"talks NAME"  as "wait", but then tells of more stages than can be written in an outage
"sleep:S NAME"  begins, then takes S seconds, and keeps a record of when it was alive
"gil:S NAME"  begins, then takes S seconds in which no other Python thread of its process runs
"die NAME"   begins, then kills its process, every time
"fail NAME"  begins, then raises, every time
"huge NAME"  gives a result of two megabytes
"""

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from tests.compute.engines.faults import succeeds
from worker.topics.fit import FloatArray, OnStage, Stage, StageStarted, Topic, TopicFit, TopicParams

FOLDER = "FAULT_FOLDER"
# A file there takes the device of `vanishing` away.
TAKEN_AWAY = "taken_away"
N_STAGES_TALKED_OF = 50
ALIVE_INTERVAL_S = 0.02


def run(
    texts: Sequence[str], embeddings: FloatArray, params: TopicParams, *, encoder: None, device: str, on_stage: OnStage
) -> TopicFit:
    """Do what the first text says; the engine's signature."""
    what, _, name = texts[0].partition(" ")
    folder = Path(os.environ[FOLDER])
    with (folder / f"{name}.began").open("a", encoding="utf-8") as record:
        record.write(f"{os.getpid()}\n")
    on_stage(StageStarted(Stage.REDUCE))
    if what in {"wait", "talks"}:
        while not (folder / f"{name}.go").exists():
            time.sleep(0.01)
    if what == "talks":
        for _ in range(N_STAGES_TALKED_OF):
            on_stage(StageStarted(Stage.REDUCE))
    if what.startswith("sleep:"):
        _sleep(float(what.removeprefix("sleep:")), folder / f"{name}.{time.time_ns()}.alive")
    if what.startswith("gil:"):
        ends_s = time.monotonic() + float(what.removeprefix("gil:"))
        while time.monotonic() < ends_s:
            pow(3, 3_000_000)
    if what == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "fail":
        raise ValueError(texts[1])
    with (folder / f"{name}.ended").open("a", encoding="utf-8") as record:
        record.write(f"{os.getpid()}\n")
    fit = succeeds(texts, embeddings, params, encoder=encoder, device=device, on_stage=on_stage)
    if what == "huge":
        keywords = ("x" * 2_000_000,)
        return TopicFit(fit.labels, fit.probabilities, (Topic(keywords, len(texts)),), fit.metrics)
    return fit


def _sleep(duration_s: float, alive: Path) -> None:
    ends_s = time.monotonic() + duration_s
    while time.monotonic() < ends_s:
        alive.touch()
        time.sleep(ALIVE_INTERVAL_S)
    alive.touch()


class Record:
    """The engine's record, as a test reads it, and its way to let a batch go."""

    def __init__(self, folder: Path) -> None:
        """Take the folder that the worker was given too."""
        self.folder = folder

    def began(self, name: str) -> list[int]:
        """List the processes that began a batch."""
        return self._pids(f"{name}.began")

    def ended(self, name: str) -> list[int]:
        """List the processes that came to its end."""
        return self._pids(f"{name}.ended")

    def lives(self, name: str) -> list[tuple[int, int]]:
        """List when a batch that sleeps was computed: from and to, in nanoseconds, in order."""
        files = self.folder.glob(f"{name}.*.alive")
        return sorted((int(file.name.split(".")[-2]), file.stat().st_mtime_ns) for file in files)

    def let_go(self, name: str) -> None:
        """Let the batch that waits under this name go on."""
        (self.folder / f"{name}.go").touch()

    def wait_until_begun(self, name: str, times: int = 1, timeout_s: float = 60) -> list[int]:
        """Wait until a batch was begun so many times."""
        deadline = time.monotonic() + timeout_s
        while len(self.began(name)) < times:
            assert time.monotonic() < deadline, f"{name} was begun {len(self.began(name))} times, not {times}"
            time.sleep(0.01)
        return self.began(name)

    def _pids(self, file: str) -> list[int]:
        path = self.folder / file
        return [int(line) for line in path.read_text(encoding="utf-8").split()] if path.exists() else []
