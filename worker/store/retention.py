"""Which versions stay: the newest, what the last activations name, and what may still be in the making."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from worker.store.names import age_order, written_at
from worker.store.store import ModelStore

# A job that wrote a version and did not activate it is over after so long, retries included.
UNREFERENCED_FOR: Final = timedelta(days=1)
# Entries that a log keeps at least: each is small, but the log is listed for every job.
_N_ENTRIES: Final = 1000


@dataclass(frozen=True)
class Retention:
    """What is kept of each tenant.

    Attributes:
        n_versions: so many of the newest versions that were active once.
        n_activations: so many of the newest entries of the log, whose versions stay.
    """

    n_versions: int
    n_activations: int


@dataclass(frozen=True)
class Garbage:
    """What can go of a tenant.

    Attributes:
        tenant: whose it is.
        versions: version folders, the oldest first.
        entries: numbers of entries of the log, the oldest first.
    """

    tenant: str
    versions: tuple[str, ...]
    entries: tuple[int, ...]


def find_garbage(store: ModelStore, tenant: str, retention: Retention, now: datetime | None = None) -> Garbage:
    """Find what retention lets go of; nothing is removed.

    A folder younger than a day always stays: a running job may have written it. If an entry of the log cannot be
    read, versions that no readable entry names stay too, because that entry may name one.

    Raises:
        StoreUnavailable: the store cannot be read.
    """
    before = (now or datetime.now(UTC)) - UNREFERENCED_FOR
    log = store.log_of(tenant)
    numbers, entries = log.numbers(), list(log.readable())
    once_active = {entry.version for entry in entries}
    kept = {entry.version for entry in entries[: max(1, retention.n_activations)]}
    kept |= set(sorted(once_active, key=age_order, reverse=True)[: retention.n_versions])
    all_read = len(entries) == len(numbers)
    going = [
        version
        for version in reversed(store.folders_of(tenant))
        if version not in kept and (version in once_active or all_read) and _is_before(version, before)
    ]
    n_entries = max(_N_ENTRIES, retention.n_activations, retention.n_versions)
    return Garbage(tenant, tuple(going), tuple(reversed(numbers[n_entries:])))


def collect_garbage(store: ModelStore, tenant: str, retention: Retention, now: datetime | None = None) -> Garbage:
    """Remove what retention lets go of; stopped half way, it can be called again.

    Returns:
        What was removed.

    Raises:
        StoreUnavailable: the store cannot be read, or something cannot be removed.
    """
    now = now or datetime.now(UTC)
    garbage = find_garbage(store, tenant, retention, now)
    log, folders = store.log_of(tenant), store.folders(tenant)
    for version in garbage.versions:
        # A person may have activated it since it was found.
        active = store.active(tenant)
        if active is None or active.version != version:
            folders.remove(version)
    for number in garbage.entries:
        log.remove(number)
    store.remove_asides(now - UNREFERENCED_FOR)
    return garbage


def _is_before(version: str, limit: datetime) -> bool:
    at = written_at(version)
    return at is not None and at < limit
