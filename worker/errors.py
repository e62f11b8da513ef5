"""Infrastructure errors: BullMQ retries the job, or the start ends.

A failure that lies in the data is not raised; it is a value
(`envelope.Rejection`, `topics.fit.NoTopics`). The tree:

    WorkerError
    ├── ConfigurationError      a setting is wrong: exit, waiting does not help
    ├── RedisUnusable           Redis rejects the worker for good: password, TLS, permission, replica
    ├── UnreadableJob           Redis holds no such job, or its data are not JSON
    ├── ActivationLost          other jobs of the tenant activated their models first, each time
    ├── ResultGone              the version that a job has made before was deleted, and its result with it
    └── ComputeError            the compute process, or what runs in it
        ├── ModelUnavailable    the keyword encoder or the device is not available
        ├── ComputeCrashed      the process ended by itself: signal, exit code
        ├── ComputeTimedOut     the batch was not done at its deadline
        ├── ComputeCancelled    we killed it: lock lost, shutdown, job removed
        └── EngineFailed        the engine raised; its process lives on
"""

import signal


class WorkerError(Exception):
    """The base of all errors that this worker raises; the message is one line for a person."""


class ConfigurationError(WorkerError):
    """A setting has a value with which the worker cannot start; the message names the variable."""


class RedisUnusable(WorkerError):
    """Redis cannot be used, and waiting will not change that; the message says what to do."""


class UnreadableJob(WorkerError):
    """There is no such job, or its data are not JSON; the message names the job and shows no data."""


class ActivationLost(WorkerError):
    """Other jobs of the same tenant activated their models first, each time that this one tried."""


class ResultGone(WorkerError):
    """The version that a job has made before was deleted, and the job's result with it."""


class ComputeError(WorkerError):
    """Something went wrong in or around the compute process."""


class ModelUnavailable(ComputeError):
    """The keyword encoder or the device named in the settings cannot be used."""


class ComputeCrashed(ComputeError):
    """The compute process ended by itself.

    Attributes:
        exit_code: as in `multiprocessing.Process.exitcode`: negative for a signal.
        stage: the stage that was running, or "" between batches.
    """

    def __init__(self, exit_code: int | None, stage: str = "") -> None:
        self.exit_code = exit_code
        self.stage = stage
        where = f" in stage {stage}" if stage else ""
        super().__init__(f"compute process {_cause(exit_code)}{where}")


class ComputeTimedOut(ComputeError):
    """The batch was not done at its deadline; the process was killed.

    Attributes:
        timeout_ms: the deadline, from the start of the batch.
        stage: the stage that was running.
    """

    def __init__(self, timeout_ms: int, stage: str) -> None:
        self.timeout_ms = timeout_ms
        self.stage = stage
        super().__init__(f"timed out after {timeout_ms} ms in stage {stage}")


class ComputeCancelled(ComputeError):
    """The worker stopped the batch on purpose; `reason` says why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"compute cancelled: {reason}")


class EngineFailed(ComputeError):
    """The engine raised; the message holds the exception's type and place, no data.

    Attributes:
        stage: the stage that was running.
        poisoned: the process must not be used again (CUDA, memory).
    """

    def __init__(self, summary: str, stage: str, *, poisoned: bool) -> None:
        self.stage = stage
        self.poisoned = poisoned
        super().__init__(f"{summary} in stage {stage}")


def _cause(exit_code: int | None) -> str:
    if exit_code is None:
        return "closed its pipe"
    if exit_code >= 0:
        return f"exited with code {exit_code}"
    try:
        name = signal.Signals(-exit_code).name
    except ValueError:
        name = f"signal {-exit_code}"
    hint = " (killed: out of memory?)" if name == "SIGKILL" else ""
    return f"died of {name}{hint}"
