"""The flags of the commands on a table of comments; nothing here is slow to import."""

import argparse
from typing import Final

from worker.cli.parser import OneLineParser

_FILES: Final = """\
FILE is CSV (.csv, .tsv; the header tells what separates the fields), JSON Lines (.jsonl, .ndjson) or Parquet
(.parquet, with pip install 'topic-model-worker[files]'), gzipped or not. A column named comment, text, feedback,
review, abstract or the like needs no flag, nor does title beside abstract. Neither Redis nor a queue is needed.

Comments are embedded by LABSE_MODEL, or by the model that --embed names, which gives up to 768 numbers for a text.
The answer goes to stdout, progress and warnings to stderr. Models are kept in MODEL_STORE.
"""
_CODES: Final = (
    "exit codes: 0 done, 1 failed by the contract (as with too few comments), 2 bad usage or an unreadable file, "
    "3 the model, the device or the store is not available"
)
_ABOUT: Final = {
    "train": "Find the topics of the comments in a file, and keep their model.",
    "predict": "Assign the comments of a file to the topics of a kept model, which does not change.",
    "evaluate": "Measure the topics of a file, or those of a kept model on a file.",
    "tune": "Try settings on the comments of a file, and say which find better topics; nothing is kept.",
    "monitor": "Say whether the comments of a file are like those that a kept model saw.",
}
_EXAMPLES: Final = {
    "train": """\
  python -m worker train comments.csv
  python -m worker train papers.csv                             its columns Title and Abstract are found
  python -m worker train comments.csv --text remark --id nr --tenant campus-3
  python -m worker train comments.csv --report out.html --out topics.csv --out result.json
  python -m worker train comments.csv --report out.html --report-title "Spring 2026" --facet teacher
  python -m worker train comments.csv --embed folder-of-a-model --cache
  python -m worker train comments.csv --set nr_topics=10""",
    "predict": """\
  python -m worker predict new.csv
  python -m worker predict new.csv --tenant campus-3 --out assignments.csv""",
    "evaluate": """\
  python -m worker evaluate comments.csv                        finds topics, keeps nothing
  python -m worker evaluate comments.csv --label category
  python -m worker evaluate new.csv --tenant campus-3           measures the kept model""",
    "tune": """\
  python -m worker tune comments.csv                            numbers of topics, then sizes of the smallest topic
  python -m worker tune comments.csv --grid nr_topics=5,10,20,30 --grid min_topic_size=10,15
  python -m worker tune comments.csv --set umap_n_neighbors=15 --out trials.json""",
    "monitor": """\
  python -m worker monitor today.csv --tenant campus-3
  python -m worker monitor today.csv --tenant campus-3 || mail -s "topics drift" me@example.org""",
}
_OUT_OF_TOPICS: Final = (
    "write the result: .csv for the topic of each comment, .json for all of it; repeatable; e.g. --out topics.csv"
)
_OUT: Final = {"tune": "write all trials as JSON; e.g. --out trials.json"}
_OWN_CODES: Final = {
    "monitor": f"{_CODES}, 10 drift is MEDIUM, 11 drift is HIGH; LOW, or too few comments to tell, is 0",
}


def make_parser(command: str) -> argparse.ArgumentParser:
    """Make the parser of a command."""
    codes = _OWN_CODES.get(command, _CODES)
    parser = OneLineParser(
        prog=f"python -m worker {command}",
        description=_ABOUT[command],
        epilog=f"examples:\n{_EXAMPLES[command]}\n\n{_FILES}\n{codes}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", metavar="FILE", help="the table of comments")
    _add_columns(parser, command)
    if command != "tune":
        _add_model(parser, command)
    _add_params(parser, command)
    parser.add_argument(
        "--out",
        metavar="FILE",
        action="append",
        default=[],
        help=_OUT.get(command, _OUT_OF_TOPICS),
    )
    return parser


def _add_columns(parser: argparse.ArgumentParser, command: str) -> None:
    parser.add_argument("--text", metavar="COLUMN", help="the column of the comments; e.g. --text remark")
    parser.add_argument("--title", metavar="COLUMN", help="a column to stand before each comment; e.g. --title subject")
    parser.add_argument("--id", metavar="COLUMN", help="the column of ids; row numbers if left out; e.g. --id nr")
    if command == "evaluate":
        parser.add_argument(
            "--label", metavar="COLUMN", help="what each comment is about, as a person said; e.g. --label category"
        )
    parser.add_argument("--encoding", metavar="NAME", help="of the file's text; e.g. --encoding iso-8859-15")
    parser.add_argument(
        "--embed", metavar="MODEL", help="name or folder of a sentence-transformers model; e.g. --embed folder"
    )
    parser.add_argument(
        "--cache",
        action="store_true",
        help="keep the embeddings beside FILE, in FILE.embeddings.npz, so that next time only new comments are "
        "embedded; that file holds no text, but embeddings can give away what a comment is about",
    )


def _add_model(parser: argparse.ArgumentParser, command: str) -> None:
    left_out = "topics are found in the file itself if left out" if command == "evaluate" else "`default` if left out"
    parser.add_argument("--tenant", metavar="T", help=f"whose model; {left_out}; e.g. --tenant campus-3")
    if command == "train":
        parser.add_argument(
            "--report",
            metavar="HTML",
            help="write one HTML page that shows the topics, and what other settings would change; it holds comments",
        )
        parser.add_argument(
            "--report-title", metavar="TEXT", help='the title of the report; e.g. --report-title "Spring 2026"'
        )
        parser.add_argument(
            "--sentiment",
            metavar="COLUMN",
            help="a column that tells praise from complaint, for the report: positive or negative, a number from -1 "
            "to 1, or stars; e.g. --sentiment rating",
        )
        parser.add_argument(
            "--facet",
            metavar="COLUMN",
            action="append",
            default=[],
            help="a column by which the report breaks the topics down, over time if it is a date; repeatable; "
            "e.g. --facet teacher --facet term",
        )
    else:
        parser.add_argument("--version", metavar="V", help="of the model; the active one if left out")


def _add_params(parser: argparse.ArgumentParser, command: str) -> None:
    if command == "tune":
        parser.add_argument(
            "--grid",
            metavar="NAME=V,V,...",
            action="append",
            default=[],
            help="values of a setting to try; repeatable, all with all; e.g. --grid nr_topics=5,10,20",
        )
    if command in {"train", "evaluate", "tune"}:
        parser.add_argument(
            "--set",
            metavar="NAME=VALUE",
            action="append",
            default=[],
            help="set a parameter; repeatable; e.g. --set nr_topics=10",
        )
