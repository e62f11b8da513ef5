"""Names in the store: tenants, versions, entries of the activation log."""

import re
from datetime import UTC, datetime
from typing import Final

from worker.store.errors import InvalidName

TENANT_RULE: Final = "[a-z0-9][a-z0-9_-]{0,62}"
ACTIVE: Final = "active"
CLAIM: Final = "claim.json"
CONFIG: Final = "config.json"
_TENANT: Final = re.compile(TENANT_RULE)
_VERSION: Final = re.compile(r"(\d{8}_\d{6})(?:_([1-9]\d{0,5}))?", re.ASCII)
_ENTRY: Final = re.compile(r"(\d{8,})\.json", re.ASCII)
_DATA: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")
_STAMP: Final = "%Y%m%d_%H%M%S"


def is_tenant(name: str) -> bool:
    """Tell whether a name follows the rule for tenants."""
    return bool(_TENANT.fullmatch(name))


def checked_tenant(name: str) -> str:
    """Give a tenant's name back.

    Raises:
        InvalidName: it is against the rule.
    """
    if not is_tenant(name):
        raise InvalidName(f"{name[:80]!r} cannot be a tenant: a name is of the form {TENANT_RULE}")
    return name


def is_version(name: str) -> bool:
    """Tell whether a name is a version's: a UTC time, with a number behind it if several fell into one second."""
    return written_at(name) is not None


def checked_version(name: str) -> str:
    """Give a version's name back.

    Raises:
        InvalidName: it is against the rule.
    """
    if not is_version(name):
        raise InvalidName(
            f"{name[:80]!r} cannot be a version: a name is a time, as 20260316_021500 or 20260316_021500_2"
        )
    return name


def written_at(version: str) -> datetime | None:
    """Give the time that a version's name tells; None if it is no version's name."""
    found = _VERSION.fullmatch(version)
    if found is None:
        return None
    try:
        return datetime.strptime(found[1], _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None


def age_order(version: str) -> tuple[str, int]:
    """Give the key that sorts versions from old to new."""
    found = _VERSION.fullmatch(version)
    return (version, 0) if found is None else (found[1], int(found[2] or 1))


def version_name(at: datetime, number: int) -> str:
    """Name a version.

    Args:
        at: when it is written, with its time zone.
        number: from 1; one more for each version of the same second.
    """
    stamp = at.astimezone(UTC).strftime(_STAMP)
    return stamp if number == 1 else f"{stamp}_{number}"


def entry_name(seq: int) -> str:
    """Name the file of an entry of the activation log."""
    return f"{seq:08}.json"


def entry_number(name: str) -> int | None:
    """Give the number of an entry by its file's name; None if it is no entry's name."""
    found = _ENTRY.fullmatch(name)
    return int(found[1]) if found and entry_name(int(found[1])) == name else None


def is_data_file(name: str) -> bool:
    """Tell whether a version may hold a data file of this name."""
    return bool(_DATA.fullmatch(name)) and name not in {CLAIM, CONFIG}
