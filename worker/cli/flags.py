"""The flags of the command line, and what goes with what; nothing here is slow to import."""

import argparse
from typing import Final

from worker.cli.help_text import DESCRIPTION, EPILOG
from worker.cli.parser import OneLineParser
from worker.replay.request import BadUsage
from worker.version import WORKER_VERSION


class _FromRedis:
    """The type of `FROM_REDIS`."""


# The value of `--once` without FILE: the batch is a job's, and `--job` names it.
FROM_REDIS: Final = _FromRedis()
# What --schema prints.
JSON_SCHEMA, ASYNCAPI = "json", "asyncapi"
_ONCE_FLAGS: Final = (
    "--job",
    "--report",
    "--set",
    "--sweep",
    "--stability",
    "--explain",
    "--save-job",
    "--save-bertopic",
    "--redact",
    "--title",
    "--sentiment",
    "--facet",
)


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of all flags."""
    parser = OneLineParser(
        prog="python -m worker",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = parser.add_mutually_exclusive_group()
    _add_once(what)
    once = parser.add_argument_group("with --once")
    _add_what_once_takes(once)
    _add_what_once_writes(once)
    _add_what_a_report_shows(once)
    _add_the_rest(parser, what)
    return parser


def read_flags(argv: list[str]) -> argparse.Namespace:
    """Parse the arguments, and refuse combinations that mean nothing.

    Args:
        argv: without the program's name.

    Raises:
        BadUsage: a flag stands beside one that it does not go with.
        SystemExit: the usage is wrong, or `--help` or `--version` was asked for.
    """
    parser = make_parser()
    arguments = parser.parse_args(argv)
    if arguments.once is FROM_REDIS and arguments.job is None:
        parser.error("argument --once: expected FILE, or --job ID")
    _check_combination(arguments)
    return arguments


def _check_combination(arguments: argparse.Namespace) -> None:
    given = _once_flags(arguments)
    if arguments.schema and (arguments.compare is not None or given):
        raise BadUsage("--schema stands alone")
    if arguments.compare is not None and not arguments.schema:
        if arguments.once is not None or arguments.warm_up or given:
            raise BadUsage("--compare A B stands alone: it reads two results and runs nothing")
    elif arguments.warm_up and given:
        raise BadUsage("--warm-up stands alone")
    elif arguments.once is None and given:
        raise BadUsage(f"{given[0]} goes with --once: python -m worker --once job.json {given[0]} ...")


def _once_flags(arguments: argparse.Namespace) -> list[str]:
    """List the flags of --once that were given, even those with an empty value."""
    values = {flag: getattr(arguments, flag.strip("-").replace("-", "_")) for flag in _ONCE_FLAGS}
    return [flag for flag, value in values.items() if value not in (None, False, [])]


def _add_once(what: argparse._MutuallyExclusiveGroup) -> None:
    what.add_argument(
        "--once",
        metavar="FILE",
        nargs="?",
        const=FROM_REDIS,
        help="run the batch in FILE (- for stdin) without Redis, then exit; e.g. --once job.json",
    )


def _add_what_once_takes(once: argparse._ArgumentGroup) -> None:
    once.add_argument(
        "--job",
        metavar="ID",
        help="instead of FILE: take the job's envelope from Redis, in any state, and say how the result differs "
        "from the stored one; nothing in Redis is changed; e.g. --once --job 7d1e--topic-model",
    )
    once.add_argument(
        "--set",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="set a parameter in place of the batch's own; repeatable; e.g. --set min_topic_size=10",
    )
    once.add_argument(
        "--sweep",
        metavar="NAME=V,V,...",
        action="append",
        default=[],
        help="run once for each value, neighbors searched once, and print a table of metrics; with --report there is "
        "a file for each, as out.min_topic_size=5.html, and out.html compares them; e.g. --sweep min_topic_size=5,10",
    )
    once.add_argument(
        "--stability",
        metavar="N",
        type=int,
        help="find the topics anew N times, each time without other 2 %% of the comments, neighbors searched once, and "
        "say how far each topic holds together; --report doubts topics that fall apart; e.g. --stability 5",
    )


def _add_what_once_writes(once: argparse._ArgumentGroup) -> None:
    once.add_argument(
        "--report",
        metavar="HTML",
        help="write one HTML file that shows the topics, which are doubtful, and what to change. It holds comments; "
        "e.g. --report out.html",
    )
    once.add_argument(
        "--explain",
        metavar="SUBMISSION",
        help="say why a comment is in its topic: its nearest neighbors, its cluster, the alternatives. "
        "It shows comments; e.g. --explain 3f2b0c1d",
    )
    once.add_argument(
        "--save-job",
        metavar="FILE",
        help="write the envelope as it was taken, before --set; gzipped if FILE ends in .gz; "
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


def _add_what_a_report_shows(once: argparse._ArgumentGroup) -> None:
    once.add_argument(
        "--title", metavar="TEXT", help='the title of the report; e.g. --title "Evaluation of courses, spring 2026"'
    )
    once.add_argument(
        "--sentiment",
        metavar="KEY",
        help="a key of the items that tells praise from complaint, which the report then shows side by side: positive "
        "or negative, a number from -1 to 1, or stars; e.g. --sentiment rating",
    )
    once.add_argument(
        "--facet",
        metavar="KEY",
        action="append",
        default=[],
        help="a key of the items by which the report breaks the topics down, over time if it is a date; repeatable; "
        "the result has nothing of it; e.g. --facet teacher --facet term",
    )


def _add_the_rest(parser: argparse.ArgumentParser, what: argparse._MutuallyExclusiveGroup) -> None:
    parser.add_argument(
        "--compare",
        metavar=("A", "B"),
        nargs=2,
        help="say how two results differ: topics matched by their documents; e.g. --compare before.json after.json",
    )
    what.add_argument(
        "--schema",
        metavar="FORM",
        nargs="?",
        const=JSON_SCHEMA,
        choices=(JSON_SCHEMA, ASYNCAPI),
        help="print the JSON Schema of request and result, then exit; with asyncapi as FORM an AsyncAPI 3 document "
        "around it; e.g. python -m worker --schema asyncapi",
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
