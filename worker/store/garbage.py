"""Remove what retention lets go of: old versions, old entries of the log, and what killed processes left behind."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from worker.store.activation import Activation
from worker.store.activation_log import ActivationLog
from worker.store.names import age_order, written_at
from worker.store.retention import Retention
from worker.store.store import ModelStore

# A job that wrote a version and did not activate it is over after so long, retries included.
UNREFERENCED_FOR: Final = timedelta(days=1)
# Clocks of two machines differ by less.
_CLOCKS_AGREE_TO: Final = timedelta(days=1)
# Entries that a log keeps at least: each is small, but the log is listed for every job.
_N_ENTRIES: Final = 1000


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
    if retention.n_versions == 0:
        return Garbage(tenant, (), ())
    before = (now or datetime.now(UTC)) - UNREFERENCED_FOR
    log = store.log_of(tenant)
    numbers = log.numbers()
    kept, may_go = _kept(log, numbers, retention)
    going = [
        version
        for version in reversed(store.folders_of(tenant))
        if version not in kept and (may_go is None or version in may_go) and _is_before(version, before)
    ]
    n_entries = max(_N_ENTRIES, retention.n_activations, retention.n_versions)
    return Garbage(tenant, tuple(going), tuple(reversed(numbers[n_entries:])))


def collect_garbage(
    store: ModelStore, tenant: str, retention: Retention, now: datetime | None = None, most: int | None = None
) -> Garbage:
    """Remove what retention lets go of; stopped half way, it can be called again.

    Args:
        store: that holds it.
        tenant: whose versions are meant.
        retention: what is kept.
        now: the time; now if left out.
        most: so many versions and so many entries of the log are removed at the most, the oldest; None for all.

    Returns:
        What was removed.

    Raises:
        StoreUnavailable: the store cannot be read, or something cannot be removed.
    """
    now = now or datetime.now(UTC)
    found = find_garbage(store, tenant, retention, now)
    garbage = Garbage(tenant, found.versions[:most], found.entries[:most])
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


def _kept(log: ActivationLog, numbers: list[int], retention: Retention) -> tuple[set[str], set[str] | None]:
    """Find the versions that stay whatever their age, and those that may go; None for all others.

    The log is read from its new end, and no farther than need be: each entry is a request to an object store.
    """
    read: list[int] = []
    entries: list[Activation] = []
    for entry in log.readable():
        read.append(entry.seq)
        newest = _newest({each.version for each in entries}, retention.n_versions)
        is_enough = len(entries) >= retention.n_activations and len(newest) == retention.n_versions
        # No version is named before it was written, so older entries name none that is newer than these.
        if is_enough and _is_before_writing(entry.at, newest[-1]):
            break
        entries.append(entry)
    once_active = {entry.version for entry in entries}
    kept = {entry.version for entry in entries[: max(1, retention.n_activations)]}
    kept |= set(_newest(once_active, retention.n_versions))
    return kept, None if read == numbers[: len(read)] else once_active


def _newest(versions: set[str], n: int) -> list[str]:
    return sorted(versions, key=age_order, reverse=True)[:n]


def _is_before_writing(at: str, version: str) -> bool:
    written = written_at(version)
    return written is not None and datetime.fromisoformat(at) < written - _CLOCKS_AGREE_TO


def _is_before(version: str, limit: datetime) -> bool:
    at = written_at(version)
    return at is not None and at < limit
