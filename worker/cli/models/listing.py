"""`models list`: the tenants of a store."""

from dataclasses import asdict, dataclass

from worker.cli.models.output import Output, size_text
from worker.exit_codes import ExitCode
from worker.store.errors import StoreCorrupt, VersionMissing
from worker.store.store import ModelStore


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
        output.say(f"no models in {store.location}")
    headers = ("topics", "documents", "size", "versions", "tenant", "active version", "since")
    cells = [
        (
            row.topics,
            row.documents,
            None if row.bytes is None else size_text(row.bytes),
            row.versions,
            row.tenant,
            row.active,
            row.activatedAt,
        )
        for row in rows
    ]
    output.table(headers, cells, numbers=4)
    output.give([asdict(row) for row in rows])
    return ExitCode.INFRASTRUCTURE if damaged else ExitCode.COMPLETED


def _row(store: ModelStore, tenant: str) -> TenantRow:
    active = store.active(tenant)
    n_versions = len(store.versions(tenant))
    if active is None:
        return TenantRow(tenant, None, None, n_versions)
    config = store.config(tenant, active.version)
    # From config.json alone: the arrays of many tenants would take long to read.
    topics = [topic for topic in config.details.get("topics", []) if not topic.get("retired")]
    seen = config.details.get("seen")
    return TenantRow(tenant, active.version, active.at, n_versions, len(topics), seen, config.n_bytes)
