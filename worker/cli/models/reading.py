"""Read a tenant's version for the commands that show or export it."""

from dataclasses import dataclass
from typing import Any

from worker.models.model import KeptModel
from worker.models.model_file import from_files
from worker.store.activation import Activation
from worker.store.errors import VersionMissing
from worker.store.store import ModelStore
from worker.store.version_folder import VersionConfig


@dataclass(frozen=True, eq=False)
class ReadVersion:
    """A version that was read whole.

    Attributes:
        config: what is known of it beside the model.
        model: what it holds.
    """

    config: VersionConfig
    model: KeptModel


def read_version(store: ModelStore, tenant: str, version: str) -> ReadVersion:
    """Read a version whole, each file checked.

    Raises:
        VersionMissing: there is no such version.
        StoreCorrupt: a file was changed.
        BrokenModel: the files are sound and are no model that this worker reads.
    """
    files, details = read_files(store, tenant, version)
    return ReadVersion(store.config(tenant, version), from_files(files, details))


def read_files(store: ModelStore, tenant: str, version: str) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Read a version's files and details, each file checked.

    Raises:
        VersionMissing: there is no such tenant or version; the message says what there is.
        StoreCorrupt: a file was changed.
    """
    try:
        return store.read(tenant, version)
    except VersionMissing as error:
        if not store.versions(tenant):
            raise _no_model(store, tenant) from None
        raise VersionMissing(f"{error}; those it has: python -m worker models list {tenant}") from None


def active_entry(store: ModelStore, tenant: str) -> Activation:
    """Give the entry of the log that names the active version.

    Raises:
        VersionMissing: the tenant has no model.
        StoreCorrupt: that entry was changed.
    """
    active = store.active(tenant)
    if active is None:
        raise _no_model(store, tenant)
    return active


def _no_model(store: ModelStore, tenant: str) -> VersionMissing:
    return VersionMissing(f"model store: there is no model of {tenant} in {store.location}")


def lineage(store: ModelStore, config: VersionConfig, most: int) -> list[str]:
    """List the versions that a version was made from, the nearest first, as far as they are kept."""
    found: list[str] = []
    parent = config.parent
    while parent is not None and len(found) < most:
        found.append(parent)
        try:
            parent = store.config(config.tenant, parent).parent
        except VersionMissing:
            break
    return found
