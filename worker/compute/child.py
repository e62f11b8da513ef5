"""The compute process: set up once, then one task after the other until the pipe closes."""

import ctypes
import gc
import os
import signal
import sys
from collections.abc import Callable
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from typing import cast

from worker.compute.config import ComputeConfig
from worker.compute.cpus import usable_cpus
from worker.compute.failures import poisons, summarize
from worker.compute.messages import (
    Done,
    Failed,
    FromCompute,
    Ping,
    Ready,
    Report,
    RunTask,
    SetupFailed,
    Stop,
    ToCompute,
    Vitals,
)
from worker.compute.tasks import Host, Task, import_function
from worker.compute.transfer import read_task
from worker.streams import send_stdout_to_stderr

PR_SET_PDEATHSIG = 1

Answer = Callable[[FromCompute], None]


def serve(pipe: Connection, config: ComputeConfig) -> None:
    """Serve tasks from the pipe; returns when the worker closes it.

    Args:
        pipe: this process's end.
        config: how to set up.
    """
    _live_and_die_with_the_worker()
    # What a library prints belongs into the log, since `--once` keeps stdout for the result, and a log that
    # cannot be written must not fail a batch.
    send_stdout_to_stderr()
    answer = pipe.send
    host = _set_up(config, answer)
    if host is None:
        return
    # What the libraries have made so far stays: then the collection after each task takes milliseconds.
    gc.collect()
    gc.freeze()
    while True:
        try:
            message: ToCompute = pipe.recv()
        except EOFError:
            return
        if isinstance(message, Stop):
            return
        if isinstance(message, Ping):
            answer(_vitals(host))
        elif not _run(host, pipe, message):
            return
        else:
            gc.collect()  # comments must not stay in memory while the process is idle


def _set_up(config: ComputeConfig, answer: Answer) -> Host | None:
    n_threads = None if os.environ.get("OMP_NUM_THREADS") else usable_cpus()
    try:
        host: Host = import_function(config.set_up)(config, n_threads)
    except Exception as error:  # noqa: BLE001 - every reason is told, and ends the process
        permanent = type(error).__name__ in {"EncoderUnavailable", "DeviceUnavailable"}
        answer(SetupFailed(str(error) if permanent else summarize(error), permanent))
        return None
    answer(Ready(host.device, host.encoder_name, host.message, host.is_fallback))
    return host


def _vitals(host: Host) -> Vitals:
    return Vitals(host.cache_hits, host.cache_misses, host.cuda_allocated_bytes, host.cuda_reserved_bytes)


def _run(host: Host, pipe: Connection, message: RunTask) -> bool:
    """Run one task; tell whether the process may be used again. No part of the task outlives this call."""
    answer = pipe.send
    try:
        task = cast(Task, read_task(pipe.fileno(), message.sizes))
    except (EOFError, ConnectionError):
        return False
    except Exception as error:  # noqa: BLE001 - what is left of the task would be read as the next message
        answer(Failed(summarize(error), poisoned=True))
        return False
    try:
        host.begin_task()
        run = import_function(task.function)
        answer(Done(run(task, host, lambda event: answer(Report(event)))))
    except Exception as error:  # noqa: BLE001 - a failed task is no broken process: told, and ready for more
        poisoned = poisons(error, host.device)
        answer(Failed(summarize(error), poisoned))
        return not poisoned
    return True


def _live_and_die_with_the_worker() -> None:
    """Leave the terminal's signals to the worker, and end when it ends, however it ends."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    parent = parent_process()
    if parent is not None and os.getppid() != parent.pid:
        os._exit(1)  # the worker ended before the kernel was told to end this process with it
