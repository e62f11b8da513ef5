"""`models delete` and `models gc`: what goes for good."""

import sys

from worker.cli.models.output import Output, count, size_text
from worker.exit_codes import ExitCode
from worker.replay.request import BadUsage
from worker.store.errors import StoreCorrupt, VersionMissing
from worker.store.garbage import Garbage, collect_garbage, find_garbage
from worker.store.retention import Retention
from worker.store.store import ModelStore


def delete_tenant(store: ModelStore, output: Output, tenant: str, *, yes: bool) -> ExitCode:
    """Say what the store holds of a tenant, ask, and remove it.

    Raises:
        VersionMissing: it holds nothing of this tenant.
        BadUsage: nobody can be asked.
    """
    versions, n_entries = store.folders_of(tenant), len(store.log_of(tenant).numbers())
    if not versions and not n_entries:
        raise VersionMissing(f"model store: there is no model of {tenant} in {store.location}")
    n_bytes = sum(_size(store, tenant, version) for version in versions)
    held = f"{count(len(versions), 'version')} ({size_text(n_bytes)}) and {count(n_entries, 'activation')}"
    output.say(f"{tenant} in {store.location}: {held}")
    output.say("its topics, counts and sample ids go for good; results in Redis, backups and exports are not touched")
    if not yes and not _agrees(tenant):
        output.say("nothing was deleted")
        return ExitCode.COMPLETED
    store.delete_tenant(tenant)
    output.say(f"deleted: {held}")
    output.give({"tenant": tenant, "versions": len(versions), "activations": n_entries, "bytes": n_bytes})
    return ExitCode.COMPLETED


def collect(store: ModelStore, output: Output, retention: Retention, *, dry_run: bool) -> ExitCode:
    """Remove what retention lets go of, of each tenant.

    Raises:
        StoreUnavailable: the store cannot be read, or something cannot be removed.
    """
    if retention.n_versions == 0:
        output.say("nothing is removed: MODEL_KEEP_VERSIONS is 0, so every version is kept")
        output.give([])
        return ExitCode.COMPLETED
    found, rows, n_freed = [], [], 0
    for tenant in store.tenants():
        sizes = {version: _size(store, tenant, version) for version in find_garbage(store, tenant, retention).versions}
        garbage = (find_garbage if dry_run else collect_garbage)(store, tenant, retention)
        n_bytes = sum(sizes.get(version, 0) for version in garbage.versions)
        n_freed += n_bytes
        rows += [(size_text(sizes.get(version, 0)), tenant, version) for version in garbage.versions]
        if garbage.versions or garbage.entries:
            found.append(_described(garbage, n_bytes))
    output.table(("size", "tenant", "version"), rows, numbers=1)
    done = f"{'would remove' if dry_run else 'removed'}: {count(len(rows), 'version')} ({size_text(n_freed)})"
    output.say(done if rows else "there is nothing to remove")
    newest, last = count(retention.n_versions, "version"), count(retention.n_activations, "activation")
    output.say(f"kept of each tenant: the newest {newest}, what the last {last} named, and all of the last day")
    output.give(found)
    return ExitCode.COMPLETED


def _described(garbage: Garbage, n_bytes: int) -> dict[str, object]:
    return {
        "tenant": garbage.tenant,
        "versions": list(garbage.versions),
        "logEntries": len(garbage.entries),
        "bytes": n_bytes,
    }


def _size(store: ModelStore, tenant: str, version: str) -> int:
    """Give the bytes of a version; 0 for one that was never complete, or is damaged."""
    try:
        return store.config(tenant, version).n_bytes
    except (VersionMissing, StoreCorrupt):
        return 0


def _agrees(tenant: str) -> bool:
    if not sys.stdin.isatty():
        raise BadUsage(f"delete asks, and there is no terminal to ask on; add --yes: delete --tenant {tenant} --yes")
    sys.stderr.write(f"delete all models of {tenant}? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}
