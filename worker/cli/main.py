"""The command line: `python -m worker` consumes, `python -m worker --once FILE` replays and inspects."""

import argparse
import asyncio
import importlib
import signal
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from worker.cli.complaint import complain, place_of
from worker.cli.env_file import read_env_file
from worker.cli.flags import ASYNCAPI, FROM_REDIS, read_flags
from worker.errors import ConfigurationError, UnreadableJob, WorkerError
from worker.exit_codes import ExitCode
from worker.replay.files import UnreadableFile, UnwritableFile
from worker.replay.request import BadUsage, Request
from worker.store.errors import InvalidName, VersionMissing
from worker.streams import open_missing_streams
from worker.tables.table import UnreadableTable

if TYPE_CHECKING:
    from worker.settings import Settings

# What `python -m worker NAME ...` runs, as "module:function"; each reads its own arguments.
COMMANDS: Final = {
    "cancel": "worker.cli.cancel:main",
    "evaluate": "worker.cli.analyses.run:evaluate",
    "models": "worker.cli.models.run:run_models",
    "monitor": "worker.cli.analyses.run:monitor",
    "predict": "worker.cli.analyses.run:predict",
    "train": "worker.cli.analyses.run:train",
    "tune": "worker.cli.analyses.run:tune",
}

_REFUSED: Final = (
    BadUsage,
    ConfigurationError,
    InvalidName,
    UnreadableFile,
    UnreadableJob,
    UnreadableTable,
    UnwritableFile,
    VersionMissing,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments and consume or replay; give the exit code.

    Args:
        argv: without the program's name; `sys.argv` if left out.
    """
    open_missing_streams()
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        read_env_file()
        if arguments and arguments[0] in COMMANDS:
            return _command(COMMANDS[arguments[0]], arguments[1:])
        return _run(read_flags(arguments))
    except KeyboardInterrupt:
        complain("interrupted")
        return ExitCode.INTERRUPTED
    except _REFUSED as error:
        complain(str(error))
        return ExitCode.UNREADABLE
    except WorkerError as error:
        complain(str(error))
        return ExitCode.INFRASTRUCTURE
    except Exception as error:  # noqa: BLE001 - nothing above catches it: say where it happened, show no data
        complain(f"a bug: {type(error).__name__} at {place_of(error)}")
        return ExitCode.INFRASTRUCTURE


def _command(name: str, argv: Sequence[str]) -> int:
    module, _, function = name.partition(":")
    code: int = getattr(importlib.import_module(module), function)(argv)
    return code


def _run(arguments: argparse.Namespace) -> int:
    # Imported as they are needed: --help and --version answer without numpy, pydantic or bullmq.
    if arguments.schema:
        from worker.jobs.asyncapi import show_asyncapi
        from worker.jobs.registry import show_schema

        print(show_asyncapi() if arguments.schema == ASYNCAPI else show_schema(), end="")
        return ExitCode.COMPLETED
    if arguments.compare is not None:
        from worker.replay.comparison import compare_files

        return compare_files(*arguments.compare)
    from worker.settings import Settings

    request = _request(arguments)
    settings = Settings.from_environment()
    if arguments.warm_up:
        from worker.cli.warm_up import warm_up

        return warm_up(settings)
    if request is None:
        return asyncio.run(_consume(settings))
    from worker.replay.run import replay

    return replay(request, settings)


async def _consume(settings: "Settings") -> int:
    from worker.queue.consumer import consume

    try:
        return await consume(settings)
    finally:
        # The exit code is settled. The loop gives its signals back before the interpreter has ended, and a second
        # SIGTERM would then replace that code by "killed by SIGTERM".
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT, signal.SIGHUP})


def _request(arguments: argparse.Namespace) -> Request | None:
    """Read what `--once` is asked for; None without it, which means to consume."""
    if arguments.once is None:
        return None
    return Request(
        source=None if arguments.once is FROM_REDIS else arguments.once,
        job_id=arguments.job,
        report=arguments.report,
        explain=arguments.explain,
        stability=arguments.stability,
        settings=tuple(arguments.set),
        sweep=tuple(arguments.sweep),
        save_job=arguments.save_job,
        title=arguments.title,
        sentiment=arguments.sentiment,
        facets=tuple(arguments.facet),
        save_bertopic=arguments.save_bertopic,
        redact=arguments.redact,
    )
