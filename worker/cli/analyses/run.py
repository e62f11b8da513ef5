"""Read the arguments of the commands on a table of comments, and run them."""

import argparse
import importlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from worker.cli.analyses.flags import make_parser
from worker.exit_codes import ExitCode
from worker.replay.request import BadUsage
from worker.store.names import checked_tenant, checked_version
from worker.tables.comments import Wanted

if TYPE_CHECKING:
    from worker.analyses.request import Asked

# What runs each command, as "module:function"; imported once its arguments are right.
_ANALYSES: Final = {
    "train": "worker.analyses.training:train",
    "predict": "worker.analyses.predicting:predict",
    "evaluate": "worker.analyses.evaluating:evaluate",
    "monitor": "worker.analyses.monitoring:monitor",
    "tune": "worker.analyses.tuning:tune",
}


def train(argv: Sequence[str]) -> ExitCode:
    """Run `train`; see `worker.analyses.training`."""
    return _run("train", argv)


def predict(argv: Sequence[str]) -> ExitCode:
    """Run `predict`; see `worker.analyses.predicting`."""
    return _run("predict", argv)


def evaluate(argv: Sequence[str]) -> ExitCode:
    """Run `evaluate`; see `worker.analyses.evaluating`."""
    return _run("evaluate", argv)


def monitor(argv: Sequence[str]) -> ExitCode:
    """Run `monitor`; see `worker.analyses.monitoring`."""
    return _run("monitor", argv)


def tune(argv: Sequence[str]) -> ExitCode:
    """Run `tune`; see `worker.analyses.tuning`."""
    return _run("tune", argv)


def _run(command: str, argv: Sequence[str]) -> ExitCode:
    given = make_parser(command).parse_args(argv)
    _check(command, given)
    from worker.settings import Settings

    asked, settings = _asked(given), Settings.from_environment()
    module, _, function = _ANALYSES[command].partition(":")
    analysis: Callable[[Asked, Settings], ExitCode] = getattr(importlib.import_module(module), function)
    return analysis(asked, settings)


def _check(command: str, given: argparse.Namespace) -> None:
    """Check what can be checked before anything slow is imported.

    Raises:
        BadUsage: a flag is empty, or needs another one.
        InvalidName: a tenant's or a version's name is against its rule.
    """
    for name, value in vars(given).items():
        if value == "" or (isinstance(value, list) and "" in value):
            flag = "FILE" if name == "file" else f"--{name.replace('_', '-')}"
            raise BadUsage(f"{flag} is empty; is a shell variable not set?")
    for flag in ("report_title", "sentiment", "facet"):
        if getattr(given, flag, None) and given.report is None:
            raise BadUsage(f"--{flag.replace('_', '-')} is for the report: add --report out.html")
    if getattr(given, "tenant", None) is not None:
        checked_tenant(given.tenant)
    if getattr(given, "version", None) is not None:
        if command == "evaluate" and given.tenant is None:
            raise BadUsage("--version is of a kept model: add --tenant T; without it the topics of the file are found")
        checked_version(given.version)


def _asked(given: argparse.Namespace) -> "Asked":
    from worker.analyses.request import Asked, Shown
    from worker.replay.experiment import read_grid, read_settings

    params = read_settings(tuple(getattr(given, "set", [])))
    grid = read_grid(tuple(getattr(given, "grid", [])))
    facets = tuple(getattr(given, "facet", ()))
    shown = Shown(getattr(given, "report_title", None), getattr(given, "sentiment", None), facets)
    return Asked(
        path=given.file,
        columns=Wanted(given.text, given.title, given.id, getattr(given, "label", None), shown.columns),
        encoding=given.encoding,
        embedding_model=given.embed,
        keeps_embeddings=given.cache,
        tenant=getattr(given, "tenant", None),
        version=getattr(given, "version", None),
        params={**params, **({"grid": grid} if grid else {})},
        outputs=tuple(given.out),
        report=getattr(given, "report", None),
        shown=shown,
    )
