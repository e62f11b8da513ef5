"""`models activate` and `models rollback`: a person chooses the active version."""

from worker.cli.models.output import Output
from worker.cli.models.reading import active_entry, read_files
from worker.exit_codes import ExitCode
from worker.store.activation import Activation
from worker.store.errors import VersionMissing
from worker.store.store import ModelStore


def activate(store: ModelStore, output: Output, tenant: str, version: str) -> ExitCode:
    """Make a version active, if all its files are sound and it is not active already.

    Raises:
        VersionMissing: there is no such version.
        StoreCorrupt: one of its files was changed.
    """
    read_files(store, tenant, version)
    before = next(iter(store.activations(tenant)), None)
    if before is not None and before.version == version and store.log_of(tenant).numbers()[0] == before.seq:
        output.say(f"{tenant}: version {version} is active already, nothing was changed")
        output.give({"tenant": tenant, "version": version, "previousVersion": version, "activatedAt": before.at})
        return ExitCode.COMPLETED
    _say(output, store.activate_by_hand(tenant, version), tenant, before)
    return ExitCode.COMPLETED


def rollback(store: ModelStore, output: Output, tenant: str) -> ExitCode:
    """Make the version active again that was active before the active one was first activated.

    Done twice it goes back twice.

    Raises:
        VersionMissing: there is none, or it is not kept any more.
        StoreCorrupt: one of its files was changed, or the newest entry of the log was.
    """
    active = active_entry(store, tenant)
    first = [entry for entry in store.activations(tenant) if entry.version == active.version][-1]
    if first.parent is None:
        raise VersionMissing(f"model store: {active.version} is the first version of {tenant}; there is none before it")
    kept = store.versions(tenant)
    if first.parent not in kept:
        raise VersionMissing(
            f"model store: {first.parent}, which was active before {active.version}, is not kept any more; "
            f"there are: {', '.join(kept)}"
        )
    return activate(store, output, tenant, first.parent)


def _say(output: Output, entry: Activation, tenant: str, before: Activation | None) -> None:
    previous = before.version if before else None
    output.say(f"{tenant}: version {entry.version} is active" + (f", {previous} was before" if previous else ""))
    if before is not None and previous != entry.version:
        output.say("comments that only other versions have are not counted in it: send them again if you need them")
    output.give({"tenant": tenant, "version": entry.version, "previousVersion": previous, "activatedAt": entry.at})
