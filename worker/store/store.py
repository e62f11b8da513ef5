"""The model store: versions of each tenant, and which of them is active."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from worker.store.activation import Activation
from worker.store.activation_log import ActivationLog
from worker.store.errors import StoreError, VersionMissing
from worker.store.files import open_files
from worker.store.local_files import ASIDE
from worker.store.location import read_location
from worker.store.names import ACTIVE, age_order, checked_tenant, checked_version, is_tenant, is_version
from worker.store.version_folder import VersionConfig, VersionFolders


class ModelStore:
    """Versions of models in a folder or an object store. Blocking; not to be shared by threads.

    Args:
        url: a value of `MODEL_STORE` that the settings accepted.
        warn: takes a line on each file in the store that is not the store's, or was never written to its end.

    Raises:
        ConfigurationError: the package for this kind of store is not installed.
        StoreUnavailable: the store cannot be used, as without credentials.
    """

    def __init__(self, url: str, warn: Callable[[str], None] = lambda _: None) -> None:
        self.location = read_location(url)
        self._files = open_files(self.location)
        self._warn_once = _once(warn)

    def tenants(self) -> list[str]:
        """List the tenants, sorted."""
        return self._listed("", is_tenant, "no tenant's folder")

    def versions(self, tenant: str) -> list[str]:
        """List a tenant's versions, the newest first; one that is still being written is not among them."""
        folders = self._folders(tenant)
        found = filter(is_version, self._files.names(checked_tenant(tenant)))
        return [version for version in sorted(found, key=age_order, reverse=True) if folders.is_complete(version)]

    def folders_of(self, tenant: str) -> list[str]:
        """List a tenant's version folders, the newest first, complete or not."""
        found = self._listed(checked_tenant(tenant), is_version, "no version's folder", known=(ACTIVE,))
        return sorted(found, key=age_order, reverse=True)

    def n_folders(self, tenant: str) -> int:
        """Count a tenant's version folders by one listing: those of which nothing is left may be among them."""
        return sum(map(is_version, self._files.names(checked_tenant(tenant))))

    def active(self, tenant: str) -> Activation | None:
        """Give the newest entry of a tenant's activation log; None if it has none.

        Raises:
            StoreCorrupt: that entry was changed.
            StoreUnavailable: the store cannot be read.
        """
        return self._log(tenant).newest()

    def activations(self, tenant: str) -> list[Activation]:
        """List a tenant's activation log by falling `seq`, without entries that cannot be read."""
        return list(self._log(tenant).readable())

    def activated_by(self, tenant: str, job_id: str) -> Activation | None:
        """Find the entry by which a job has activated the active version, or one that it was made from.

        What a person took back by going to an earlier version counts no more. The job is looked for among the last
        hundred; one read tells that it is not there.
        """
        newest = self.active(tenant)
        if newest is None or not job_id or newest.job_id == job_id:
            return newest if newest and job_id else None
        own = [seq for job, seq in newest.earlier if job == job_id]
        return self._log(tenant).in_force(job_id, min(own)) if own else None

    def write(
        self,
        tenant: str,
        files: Mapping[str, bytes],
        details: Mapping[str, Any],
        *,
        parent: str | None = None,
        at: datetime | None = None,
    ) -> str:
        """Write a version; it is not active yet.

        Args:
            tenant: whose it is.
            files: data by name; names are of the form `[a-z0-9][a-z0-9_.-]{0,62}`.
            details: any JSON; kept in config.json.
            parent: the version that it was made from.
            at: the time in its name; now if left out.

        Returns:
            The version's name.

        Raises:
            InvalidName: the tenant's name is against the rule.
            StoreUnavailable: the store cannot be written.
        """
        return self._folders(tenant).write(files, details, parent, at or datetime.now(UTC))

    def read(self, tenant: str, version: str) -> tuple[dict[str, bytes], dict[str, Any]]:
        """Read a version's data files and details, each file's SHA-256 checked.

        Raises:
            InvalidName: a name is against its rule.
            VersionMissing: there is no such version.
            StoreCorrupt: a file is missing or was changed; the message names it.
            StoreUnavailable: the store cannot be read.
        """
        return self._folders(tenant).read(checked_version(version))

    def config(self, tenant: str, version: str) -> VersionConfig:
        """Read what is known of a version without its data files; raises as `read`."""
        return self._folders(tenant).config(checked_version(version))

    def check_writable(self) -> None:
        """Find out whether versions can be written, as far as that can be told without writing one.

        Raises:
            StoreUnavailable: they cannot.
        """
        self._files.check_writable()

    def activate(self, tenant: str, version: str, *, after: Activation | None, job_id: str) -> Activation:
        """Make a version active, if `after` is still the newest entry of the log.

        Raises:
            LostRace: another process has activated one since `after` was read; nothing was changed.
            VersionMissing: there is no such version.
            StoreUnavailable: the store cannot be read or written.
        """
        self._expect(tenant, version)
        return self._log(tenant).append(version, job_id, after)

    def activate_by_hand(self, tenant: str, version: str) -> Activation:
        """Make a version active for a person, whatever is active; also if the newest entry was damaged.

        Raises:
            VersionMissing: there is no such version.
            LostRace: jobs activated others all the time.
        """
        self._expect(tenant, version)
        return self._log(tenant).append_last(version, "")

    def delete_version(self, tenant: str, version: str) -> None:
        """Remove a version that is not active, as the loser of a race does; nothing happens if it is not there.

        Raises:
            StoreError: it is active.
        """
        active = self.active(tenant)
        if active is not None and active.version == checked_version(version):
            raise StoreError(f"model store: version {version} of {tenant} is active; activate another one first")
        self._folders(tenant).remove(version)

    def delete_tenant(self, tenant: str) -> None:
        """Remove all that the store holds of a tenant; stopped half way, it can be called again.

        Raises:
            StoreUnavailable: something cannot be removed.
        """
        log, folders = self._log(tenant), self._folders(tenant)
        # The newest entry last: until then the same version stays active.
        for number in reversed(log.numbers()):
            log.remove(number)
        log.remove_folder()
        for version in self.folders_of(tenant):
            folders.remove(version)
        self._files.remove_folder(tenant)

    def log_of(self, tenant: str) -> ActivationLog:
        """Give a tenant's log, for the sweep."""
        return self._log(tenant)

    def folders(self, tenant: str) -> VersionFolders:
        """Give a tenant's version folders, for the sweep."""
        return self._folders(tenant)

    def remove_asides(self, before: datetime) -> None:
        """Remove what killed processes wrote aside before a time."""
        self._files.remove_asides(before)

    def _expect(self, tenant: str, version: str) -> None:
        if not self._folders(tenant).is_complete(checked_version(version)):
            raise VersionMissing(f"model store: {tenant} has no version {version}")

    def _listed(self, folder: str, is_own: Callable[[str], bool], what: str, known: tuple[str, ...] = ()) -> list[str]:
        own = []
        for name in self._files.names(folder):
            place = f"{folder}/{name}".lstrip("/")
            if is_own(name) and self._files.has_folder(place):
                own.append(name)
            elif (self.location.is_local or not is_own(name)) and name not in known and not name.startswith(ASIDE):
                self._warn_once(f"model store: {self.location}/{place} is {what} and is left alone")
        return own

    def _log(self, tenant: str) -> ActivationLog:
        return ActivationLog(self._files, checked_tenant(tenant), self._warn_once)

    def _folders(self, tenant: str) -> VersionFolders:
        return VersionFolders(self._files, checked_tenant(tenant), self._warn_once)


def _once(warn: Callable[[str], None]) -> Callable[[str], None]:
    said: set[str] = set()

    def say(line: str) -> None:
        if line not in said:
            said.add(line)
            warn(line)

    return say
