"""The command line: `python -m worker` consumes, `python -m worker --once FILE` replays and inspects."""

import argparse
import asyncio
import contextlib
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from worker.errors import ConfigurationError, UnreadableJob, WorkerError
from worker.exit_codes import ExitCode
from worker.printable import printable
from worker.replay.files import UnreadableFile, UnwritableFile
from worker.replay.request import BadUsage, Request
from worker.version import WORKER_VERSION

_DESCRIPTION = "Turn batches of student comments into topics."
_EPILOG = """\
examples:
  python -m worker                              take jobs from the queue topic-model
  python -m worker --once job.json              run one batch; the result goes to stdout
  python -m worker --once job.json.gz > out.json
  make_job | python -m worker --once -          the batch comes from stdin
  python -m worker --once job.json --report out.html
  python -m worker --once job.json --set min_topic_size=10 --set nr_topics=30
  python -m worker --once job.json --sweep min_topic_size=5,10,15,20
  python -m worker --once job.json --explain 3f2b...c1
  python -m worker --once --job 7d1e...--topic-model --report out.html
  python -m worker --once --job 7d1e...--topic-model --save-job bug.json.gz --redact
  python -m worker --compare before.json after.json
  python -m worker --warm-up                    load the model, run a made-up batch, exit
  python -m worker --schema                     print the JSON Schema of request and result
  python -m worker --version

--once reads a batch envelope, a RunPod request {"input": envelope}, or a BullMQ job dump
{"name", "data", "opts"}, gzipped or not, and tells them apart by their shape. Only the result
document is written to stdout: indented on a terminal, else on one line; with --sweep one
document a value, in their order. Progress, topics, metrics, tables and explanations go to stderr.

exit codes:
  0    completed (consuming: stopped as asked)
  1    failed by the contract; the failed document is on stdout
  2    unreadable input, bad usage or a bad setting
  3    infrastructure error: model, device, compute process or Redis
  130  interrupted by Ctrl-C

Settings come from the environment: REDIS_URL, DEVICE, KEYWORD_ENCODER and others, each
explained in .env.example.
"""


_FROM_REDIS = ""
_ONCE_FLAGS = ("--job", "--report", "--set", "--sweep", "--explain", "--save-job", "--save-bertopic", "--redact")


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments and consume or replay; give the exit code.

    Args:
        argv: without the program's name; `sys.argv` where left out.
    """
    _open_missing_streams()
    parser = _parser()
    arguments = parser.parse_args(argv)
    if arguments.once is _FROM_REDIS and arguments.job is None:
        parser.error("argument --once: expected FILE, or --job ID")
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        _complain("interrupted")
        return ExitCode.INTERRUPTED
    except (BadUsage, ConfigurationError, UnreadableFile, UnreadableJob, UnwritableFile) as error:
        _complain(str(error))
        return ExitCode.UNREADABLE
    except WorkerError as error:
        _complain(str(error))
        return ExitCode.INFRASTRUCTURE
    except Exception as error:  # noqa: BLE001 - the last line of defence: say where, show no data
        _complain(f"a bug: {type(error).__name__} at {_place(error)}")
        return ExitCode.INFRASTRUCTURE


def _run(arguments: argparse.Namespace) -> int:
    if arguments.schema:
        _refuse_beside("--schema", arguments)
        from worker.jobs.registry import show_schema

        print(show_schema(), end="")
        return ExitCode.COMPLETED
    if arguments.compare is not None:
        return _compare(arguments)
    if arguments.warm_up:
        _refuse_beside("--warm-up", arguments)
    request = _request(arguments)
    # Imported here: --help and --version answer without numpy, pydantic or bullmq.
    from worker.settings import Settings

    settings = Settings.from_environment()
    if arguments.warm_up:
        from worker.cli.warm_up import warm_up

        return warm_up(settings)
    if request is None:
        from worker.queue.consumer import consume

        return asyncio.run(consume(settings))
    from worker.replay.run import replay

    return replay(request, settings)


def _request(arguments: argparse.Namespace) -> Request | None:
    """Read what `--once` is asked for; None where it is not, and a worker is wanted."""
    if arguments.once is None:
        given = _once_flags(arguments)
        if given:
            raise BadUsage(f"{given[0]} goes with --once: python -m worker --once job.json {given[0]} ...")
        return None
    return Request(
        source=None if arguments.once is _FROM_REDIS else arguments.once,
        job_id=arguments.job,
        report=arguments.report,
        explain=arguments.explain,
        settings=tuple(arguments.set),
        sweep=tuple(arguments.sweep),
        save_job=arguments.save_job,
        save_bertopic=arguments.save_bertopic,
        redact=arguments.redact,
    )


def _refuse_beside(flag: str, arguments: argparse.Namespace) -> None:
    if arguments.compare is not None or _once_flags(arguments):
        raise BadUsage(f"{flag} stands alone")


def _compare(arguments: argparse.Namespace) -> int:
    if arguments.once is not None or arguments.warm_up or _once_flags(arguments):
        raise BadUsage("--compare A B stands alone: it reads two results and runs nothing")
    from worker.replay.comparison import compare_files

    return compare_files(*arguments.compare)


def _once_flags(arguments: argparse.Namespace) -> list[str]:
    """Name the flags of --once that were given, an empty value included."""
    values = {flag: getattr(arguments, flag.strip("-").replace("-", "_")) for flag in _ONCE_FLAGS}
    return [flag for flag, value in values.items() if value not in (None, False, [])]


class _Parser(argparse.ArgumentParser):
    """Refuses in one line, as everything here does, where argparse would print the usage too."""

    def error(self, message: str) -> NoReturn:
        _complain(f"{message}; see --help")
        self.exit(ExitCode.UNREADABLE)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m worker",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--once",
        metavar="FILE",
        nargs="?",
        const=_FROM_REDIS,
        help="run the batch in FILE (- for stdin) without Redis, then exit; e.g. --once job.json",
    )
    once = parser.add_argument_group("with --once")
    once.add_argument(
        "--job",
        metavar="ID",
        help="instead of FILE: take the job's envelope from Redis, in any state, and say how the result differs "
        "from the stored one; nothing in Redis is changed; e.g. --once --job 7d1e--topic-model",
    )
    once.add_argument(
        "--report",
        metavar="HTML",
        help="write one HTML file that shows the topics, which are doubtful, and what to change. It holds comments; "
        "e.g. --report out.html",
    )
    once.add_argument(
        "--set",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="put a parameter over that of the batch; repeatable; e.g. --set min_topic_size=10",
    )
    once.add_argument(
        "--sweep",
        metavar="NAME=V,V,...",
        action="append",
        default=[],
        help="run once for each value, neighbours searched once, and print a table of metrics; with --report there is "
        "a file for each, as out.min_topic_size=5.html; e.g. --sweep min_topic_size=5,10,15,20",
    )
    once.add_argument(
        "--explain",
        metavar="SUBMISSION",
        help="say why a comment is in its topic: its nearest neighbours, its cluster, the alternatives. "
        "It shows comments; e.g. --explain 3f2b0c1d",
    )
    once.add_argument(
        "--save-job",
        metavar="FILE",
        help="write the envelope as it was taken, before --set; gzipped where FILE ends in .gz; "
        "e.g. --save-job bug.json.gz",
    )
    once.add_argument(
        "--save-bertopic",
        metavar="DIR",
        help="save BERTopic's own object with the topic numbers of the result, to be read by BERTopic.load(DIR); it "
        "holds keywords and topic vectors, no comment; e.g. --save-bertopic model",
    )
    once.add_argument(
        "--redact",
        action="store_true",
        help="with --save-job: replace every word but stop words by a pseudonym, so that the run reproduces without "
        "anyone's words. Embeddings are kept, and can still give away what a comment is about; "
        "e.g. --save-job bug.json.gz --redact",
    )
    parser.add_argument(
        "--compare",
        metavar=("A", "B"),
        nargs=2,
        help="say how two results differ: topics matched by their documents; e.g. --compare before.json after.json",
    )
    what.add_argument(
        "--schema",
        action="store_true",
        help="print the JSON Schema of request and result, then exit; e.g. python -m worker --schema",
    )
    what.add_argument(
        "--warm-up",
        action="store_true",
        help="start the compute process as for a job, say what it runs on, then exit; for an image's build; "
        "e.g. python -m worker --warm-up",
    )
    parser.add_argument(
        "--version",
        action="version",
        version=f"topic-model-worker {WORKER_VERSION}",
        help="show the version and exit; e.g. python -m worker --version",
    )
    return parser


def _open_missing_streams() -> None:
    """Put /dev/null where stdin, stdout or stderr was closed, before a file or a pipe gets its number."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)  # the compute process wants them too
    os.close(number)
    sys.stdin = sys.stdin or open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


def _complain(line: str) -> None:
    # Where nobody is left to read it, the exit code still says it.
    with contextlib.suppress(OSError):
        print(f"python -m worker: {printable(line)}", file=sys.stderr, flush=True)


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    room = Path(__file__).parent.parent
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(room)]
    return f"worker/{Path(ours[-1].filename).relative_to(room)}:{ours[-1].lineno}"
