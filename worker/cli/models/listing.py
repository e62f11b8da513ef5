"""`models list`: the tenants of a store, or the versions of one."""

from dataclasses import asdict, dataclass
from pathlib import Path

from worker.cli.models.output import Output, size_text, time_text
from worker.exit_codes import ExitCode
from worker.store.errors import StoreCorrupt, VersionMissing
from worker.store.store import ModelStore
from worker.store.version_folder import VersionConfig


@dataclass(frozen=True)
class TenantRow:
    """What the list says of a tenant; None if it cannot be known.

    Attributes:
        tenant: its name.
        active: the active version.
        activatedAt: since when it is active.
        versions: how many the store holds.
        topics: how many the active version has that reports show.
        documents: how many comments it has counted.
        bytes: of the active version.
    """

    tenant: str
    active: str | None
    activatedAt: str | None  # noqa: N815 - named as in the results
    versions: int
    topics: int | None = None
    documents: int | None = None
    bytes: int | None = None


@dataclass(frozen=True)
class VersionRow:
    """What the list says of a version; None if it cannot be known, as its config.json is damaged.

    Attributes:
        version: its name.
        active: whether it is the active one.
        madeFrom: the version that it was made from.
        topics: how many it has that reports show.
        documents: how many comments it has counted.
        bytes: of its files.
    """

    version: str
    active: bool
    madeFrom: str | None = None  # noqa: N815 - named as in the results
    topics: int | None = None
    documents: int | None = None
    bytes: int | None = None


def list_tenants(store: ModelStore, output: Output) -> ExitCode:
    """Print the tenants; one that is damaged is listed as far as it can be read, with a warning and exit code 3.

    Raises:
        StoreUnavailable: the store cannot be read.
    """
    rows, damaged = [], False
    for tenant in store.tenants():
        try:
            rows.append(_row(store, tenant))
        except (StoreCorrupt, VersionMissing) as error:
            output.warn(str(error))
            damaged = True
            rows.append(TenantRow(tenant, None, None, len(store.versions(tenant))))
    if not rows:
        is_missing = store.location.is_local and not Path(store.location.path).is_dir()
        hint = ": there is no such folder; MODEL_STORE names it" if is_missing else ""
        output.say(f"no models in {store.location}{hint}")
    headers = ("topics", "documents", "size", "versions", "tenant", "active version", "since (UTC)")
    cells = [
        (
            row.topics,
            row.documents,
            None if row.bytes is None else size_text(row.bytes),
            row.versions,
            row.tenant,
            row.active,
            row.activatedAt and time_text(row.activatedAt),
        )
        for row in rows
    ]
    output.table(headers, cells, numbers=4)
    output.give([asdict(row) for row in rows])
    return ExitCode.INFRASTRUCTURE if damaged else ExitCode.COMPLETED


def list_versions(store: ModelStore, output: Output, tenant: str) -> ExitCode:
    """Print the versions of a tenant, the newest first; one that is damaged gives a warning and exit code 3.

    Raises:
        VersionMissing: there is no such tenant.
        StoreCorrupt: the newest entry of the activation log was changed.
        StoreUnavailable: the store cannot be read.
    """
    active, rows, damaged = store.active(tenant), [], False
    for version in store.versions(tenant):
        is_active = active is not None and active.version == version
        try:
            rows.append(_version_row(store.config(tenant, version), is_active=is_active))
        except StoreCorrupt as error:
            output.warn(str(error))
            damaged = True
            rows.append(VersionRow(version, is_active))
        except VersionMissing:  # removed meanwhile
            continue
    if not rows:
        raise VersionMissing(f"model store: there is no model of {tenant} in {store.location}")
    cells = [
        (
            row.topics,
            row.documents,
            None if row.bytes is None else size_text(row.bytes),
            row.version,
            "active" if row.active else "",
            row.madeFrom,
        )
        for row in rows
    ]
    output.table(("topics", "documents", "size", "version", "", "made from"), cells, numbers=3)
    output.give([asdict(row) for row in rows])
    return ExitCode.INFRASTRUCTURE if damaged else ExitCode.COMPLETED


def _version_row(config: VersionConfig, *, is_active: bool) -> VersionRow:
    topics, seen = _topics_and_documents(config)
    return VersionRow(config.version, is_active, config.parent, topics, seen, config.n_bytes)


def _topics_and_documents(config: VersionConfig) -> tuple[int, int | None]:
    """Count from config.json alone: the arrays of many versions would take long to read."""
    topics = [topic for topic in config.details.get("topics", []) if not topic.get("retired")]
    return len(topics), config.details.get("seen")


def _row(store: ModelStore, tenant: str) -> TenantRow:
    active = store.active(tenant)
    n_versions = len(store.versions(tenant))
    if active is None:
        return TenantRow(tenant, None, None, n_versions)
    config = store.config(tenant, active.version)
    topics, seen = _topics_and_documents(config)
    return TenantRow(tenant, active.version, active.at, n_versions, topics, seen, config.n_bytes)
