"""Read the arguments of `python -m worker models`, open the store and run the command."""

import argparse
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from worker.cli.models.flags import make_parser
from worker.exit_codes import ExitCode

if TYPE_CHECKING:
    from worker.cli.models.output import Output
    from worker.settings import Settings
    from worker.store.store import ModelStore


def run_models(argv: Sequence[str]) -> ExitCode:
    """Run one command.

    Args:
        argv: what stands behind `models`.

    Raises:
        BadUsage: an argument is wrong.
        WorkerError: the store cannot be used, or has no such tenant or version.
    """
    arguments = make_parser().parse_args(argv)
    # Imported once the usage is right: --help answers without rich, pydantic and fsspec.
    from worker.cli.models.output import Output
    from worker.settings import Settings
    from worker.store.store import ModelStore

    settings = Settings.from_environment()
    output = Output(as_json=arguments.json)
    store = ModelStore(settings.model_store, output.warn)
    return _commands(arguments, store, output, settings)[arguments.command]()


def _commands(
    given: argparse.Namespace, store: "ModelStore", output: "Output", settings: "Settings"
) -> dict[str, Callable[[], ExitCode]]:
    from worker.cli.models.diffing import diff
    from worker.cli.models.exporting import export_bertopic
    from worker.cli.models.listing import list_tenants, list_versions
    from worker.cli.models.removing import collect, delete_tenant
    from worker.cli.models.showing import show
    from worker.cli.models.switching import activate, rollback

    return {
        "list": lambda: list_versions(store, output, given.tenant) if given.tenant else list_tenants(store, output),
        "show": lambda: show(store, output, given.tenant, given.version),
        "activate": lambda: activate(store, output, given.tenant, given.version),
        "rollback": lambda: rollback(store, output, given.tenant),
        "diff": lambda: diff(store, output, given.tenant, given.before, given.after),
        "export": lambda: export_bertopic(store, output, given.tenant, given.version, given.bertopic),
        "delete": lambda: delete_tenant(store, output, given.tenant, yes=given.yes),
        "gc": lambda: collect(store, output, settings.retention, dry_run=given.dry_run),
    }
