"""The commands of `python -m worker models` and their arguments; nothing here is slow to import."""

import argparse
from typing import TYPE_CHECKING, Final, TypeAlias

from worker.cli.parser import OneLineParser

_DESCRIPTION: Final = "Look at kept models, choose which is active, export and delete them."
_EPILOG: Final = """\
examples:
  python -m worker models list                       tenants, the active version of each, sizes
  python -m worker models list campus-3              its versions, their sizes, and which of them is active
  python -m worker models show campus-3              topics of the active version, and where it comes from
  python -m worker models show campus-3 20260316_021500
  python -m worker models diff campus-3 20260309_021500 20260316_021500
  python -m worker models rollback campus-3          back to the version before the active one
  python -m worker models activate campus-3 20260309_021500
  python -m worker models export campus-3 --bertopic folder
  python -m worker models delete --tenant campus-3   all that the store holds of a tenant; asks first
  python -m worker models gc --dry-run               what retention would remove
  python -m worker models list --json | jq .

The store is that of MODEL_STORE, which .env.example explains. Answers go to stdout, warnings and errors to stderr.

exit codes: 0 done, 2 bad usage or no such tenant or version, 3 the store cannot be used or a file in it is damaged
"""


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of all commands."""
    parser = OneLineParser(
        prog="python -m worker models",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    listed = _add(commands, "list", "list the tenants, with the active version of each, or the versions of one tenant")
    listed.add_argument("tenant", metavar="TENANT", nargs="?", help="whose versions; e.g. list campus-3")
    show = _add(commands, "show", "show a version's topics, its size and where it comes from", "tenant")
    _add_version(show, "show")
    _add(commands, "activate", "make a version the active one", "tenant", "version")
    _add(commands, "rollback", "make the version active again that the active one followed", "tenant")
    diff = _add(commands, "diff", "say how the topics of two versions differ", "tenant")
    diff.add_argument("before", metavar="A", help="a version, as 20260309_021500")
    diff.add_argument("after", metavar="B", help="another version, as 20260316_021500")
    _add_export(commands)
    delete = _add(commands, "delete", "delete all that the store holds of a tenant")
    delete.add_argument("--tenant", metavar="TENANT", required=True, help="whose models; e.g. --tenant campus-3")
    delete.add_argument("--yes", action="store_true", help="do not ask; e.g. delete --tenant campus-3 --yes")
    gc = _add(commands, "gc", "remove old versions, and what killed jobs left behind")
    gc.add_argument("--dry-run", action="store_true", help="say what would go, and remove nothing; e.g. gc --dry-run")
    return parser


if TYPE_CHECKING:
    _Commands: TypeAlias = argparse._SubParsersAction[OneLineParser]


def _add(commands: "_Commands", name: str, text: str, *names: str) -> OneLineParser:
    command = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    command.add_argument("--json", action="store_true", help=f"print JSON instead of tables; e.g. {name} --json")
    for each in names:
        example = "campus-3" if each == "tenant" else "20260316_021500"
        command.add_argument(each, metavar=each.upper(), help=f"a {each}, as {example}")
    return command


def _add_version(command: argparse.ArgumentParser, name: str) -> None:
    command.add_argument(
        "version",
        metavar="VERSION",
        nargs="?",
        help=f"the active one if left out; e.g. {name} campus-3 20260316_021500",
    )


def _add_export(commands: "_Commands") -> None:
    export = _add(commands, "export", "write a version as a folder for other programs", "tenant")
    _add_version(export, "export")
    export.add_argument(
        "--bertopic",
        metavar="DIR",
        required=True,
        help="a folder that BERTopic.load reads; it holds topics, keywords and a vector for each, no comment; "
        "e.g. export campus-3 --bertopic folder",
    )
