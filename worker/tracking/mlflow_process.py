"""The process that MLflow lives in, as the worker sees it: a run in, an answer out, within a time."""

import contextlib
import json
import os
import subprocess
import sys
import threading
from typing import Any, Final

from worker.errors import WorkerError
from worker.tracking.run import Run

MODULE: Final = "worker.tracking.recorder"
# What MLflow is told before it is imported. Its own variables count, if they are set.
_GIVEN_UP_SOON: Final = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "10", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}
_QUIET: Final = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "GIT_PYTHON_REFRESH": "quiet",
}


class Unsent(WorkerError):
    """MLflow has not taken a run; the message says why, in one line without a password."""


class MlflowProcess:
    """A process that starts with the first run and anew after it has ended."""

    def __init__(self, uri: str, limit_s: float) -> None:
        """Take MLflow's tracking URI, and how long one run may take, in seconds."""
        self._environment = {**_GIVEN_UP_SOON, **os.environ, **_QUIET, "MLFLOW_TRACKING_URI": uri}
        self._limit_s = limit_s
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()
        self.is_ended = False

    @property
    def is_running(self) -> bool:
        """Whether there is a process."""
        return self._process is not None

    def send(self, run: Run) -> None:
        """Send a run and wait for the answer; blocking, in a thread of its own.

        Raises:
            Unsent: MLflow refused it, did not answer in time, or the process broke.
        """
        process = self._started()
        timer = threading.Timer(self._limit_s, process.kill)
        timer.daemon = True
        timer.start()
        try:
            answer = _ask(process, run)
        except (OSError, ValueError):
            answer = None
        finally:
            timer.cancel()
        if answer is None:
            self._end(process)
            raise Unsent(f"the process that sends to MLflow broke, or had no answer within {self._limit_s:g} s")
        if "error" in answer:
            raise Unsent(str(answer["error"]))

    def end(self) -> None:
        """End the process at once; nothing happens if there is none. May be called while `send` waits."""
        with self._lock:
            process = self._process
        if process is not None:
            self._end(process)

    def end_for_good(self) -> None:
        """End the process, and let no other start."""
        with self._lock:
            self.is_ended = True
        self.end()

    def _started(self) -> "subprocess.Popen[str]":
        with self._lock:
            if self.is_ended:
                raise Unsent("the worker ends")
            if self._process is None:
                self._process = subprocess.Popen(  # noqa: S603 - our own module
                    [sys.executable, "-m", MODULE, str(round(self._limit_s))],
                    env=self._environment,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    text=True,
                    encoding="utf-8",
                    # Ctrl-C and the signals to a group are for the worker, which then ends this process.
                    start_new_session=True,
                )
            return self._process

    def _end(self, process: "subprocess.Popen[str]") -> None:
        with self._lock:
            if self._process is process:
                self._process = None
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError, ValueError):
                if pipe is not None:
                    pipe.close()


def _ask(process: "subprocess.Popen[str]", run: Run) -> dict[str, Any] | None:
    """Give the answer; None if the process ended without one."""
    if process.stdin is None or process.stdout is None:
        return None
    process.stdin.write(run.to_json() + "\n")
    process.stdin.flush()
    line = process.stdout.readline()
    answer: dict[str, Any] | None = json.loads(line) if line else None
    return answer
