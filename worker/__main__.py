"""The command line: `python -m worker` consumes, `python -m worker --once FILE` replays."""

import argparse
import asyncio
import contextlib
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from worker.batch_file import UnreadableFile
from worker.errors import ConfigurationError, WorkerError
from worker.exit_codes import ExitCode
from worker.version import WORKER_VERSION

_DESCRIPTION = "Turn batches of student comments into topics."
_EPILOG = """\
examples:
  python -m worker                              take jobs from the queue topic-model
  python -m worker --once job.json              run one batch; the result goes to stdout
  python -m worker --once job.json.gz > out.json
  make_job | python -m worker --once -          the batch comes from stdin
  python -m worker --warm-up                    load the model, run a made-up batch, exit
  python -m worker --version

--once reads a batch envelope, a RunPod request {"input": envelope}, or a BullMQ job dump
{"name", "data", "opts"}, gzipped or not, and tells them apart by their shape. Only the result
document is written to stdout: indented on a terminal, else on one line. Progress, topics and
metrics go to stderr.

exit codes:
  0    completed (consuming: stopped as asked)
  1    failed by the contract; the failed document is on stdout
  2    unreadable input, bad usage or a bad setting
  3    infrastructure error: model, device, compute process or Redis
  130  interrupted by Ctrl-C

Settings come from the environment: REDIS_URL, DEVICE, KEYWORD_ENCODER and others, each
explained in .env.example.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments and consume or replay; give the exit code.

    Args:
        argv: without the program's name; `sys.argv` where left out.
    """
    arguments = _parser().parse_args(argv)
    try:
        return _run(arguments.once, warm_up=arguments.warm_up)
    except KeyboardInterrupt:
        _complain("interrupted")
        return ExitCode.INTERRUPTED
    except (ConfigurationError, UnreadableFile) as error:
        _complain(str(error))
        return ExitCode.UNREADABLE
    except WorkerError as error:
        _complain(str(error))
        return ExitCode.INFRASTRUCTURE
    except Exception as error:  # noqa: BLE001 - the last line of defence: say where, show no data
        _complain(f"a bug: {type(error).__name__} at {_place(error)}")
        return ExitCode.INFRASTRUCTURE


def _run(source: str | None, *, warm_up: bool) -> int:
    # Imported here: --help and --version answer without numpy, pydantic or bullmq.
    from worker.settings import Settings

    settings = Settings.from_environment()
    if warm_up:
        from worker.replay import warm_up as check

        return check(settings)
    if source is None:
        from worker.consumer import consume

        return asyncio.run(consume(settings))
    from worker.replay import replay

    return replay(source, settings)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m worker",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--once",
        metavar="FILE",
        help="run the batch in FILE (- for stdin) without Redis, then exit; e.g. --once job.json",
    )
    what.add_argument(
        "--warm-up",
        action="store_true",
        help="start the compute process as for a job, say what it runs on, then exit; for an image's build",
    )
    parser.add_argument(
        "--version",
        action="version",
        version=f"topic-model-worker {WORKER_VERSION}",
        help="show the version and exit; e.g. python -m worker --version",
    )
    return parser


def _complain(line: str) -> None:
    # Where nobody is left to read it, the exit code still says it.
    with contextlib.suppress(OSError):
        print(f"python -m worker: {line}", file=sys.stderr, flush=True)


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).parent == Path(__file__).parent]
    return f"worker/{Path(ours[-1].filename).name}:{ours[-1].lineno}"


if __name__ == "__main__":
    sys.exit(main())
