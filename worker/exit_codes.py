"""The exit codes of the process."""

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of `python -m worker`."""

    COMPLETED = 0  # --once: the batch has topics; consuming: stopped as asked
    FAILED = 1  # --once: failed by the contract, the failed document is on stdout
    UNREADABLE = 2  # bad usage, a bad setting, or a file that holds no JSON; argparse's own code
    INFRASTRUCTURE = 3  # a model, process, device or Redis that is not available, or a bug
    DRIFT_MEDIUM = 10  # monitor: the comments are unlike those before, if only a little
    DRIFT_HIGH = 11  # monitor: they are quite unlike them
    INTERRUPTED = 130  # Ctrl-C: 128 + SIGINT, as shells count
