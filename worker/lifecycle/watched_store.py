"""The model store as a task uses it: each use is timed and told."""

import contextlib
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final, TypeVar

from worker.lifecycle.events import OnEvent, Operation, StoreUsed, StoreWarning, VersionsRemoved
from worker.store.activation import Activation
from worker.store.errors import StoreCorrupt, StoreError, VersionMissing
from worker.store.garbage import collect_garbage
from worker.store.retention import Retention
from worker.store.store import ModelStore

_Answer = TypeVar("_Answer")
# A job waits for so many to be removed; if there are more, later jobs go on.
_MOST_REMOVED: Final = 10


class WatchedStore:
    """The store of one task; its methods raise what those of `ModelStore` raise."""

    def __init__(self, url: str, tenant: str, on_event: OnEvent) -> None:
        """Take whose models are meant, and who wants to know.

        Raises:
            ConfigurationError: the package for this kind of store is not installed.
            StoreUnavailable: the store cannot be used.
        """
        self.url = url
        self.tenant = tenant
        self._on_event = on_event
        self._store, self._warnings = _opened(url)

    def active(self) -> Activation | None:
        """Give the newest entry of the activation log."""
        return self._told("find", lambda: self._store.active(self.tenant))

    def activated_by(self, job: str) -> Activation | None:
        """Find the entry of a job."""
        return self._told("find", lambda: self._store.activated_by(self.tenant, job))

    def expect(self, version: str) -> None:
        """Raise `VersionMissing` if there is no such version."""
        self._told("find", lambda: self._store.config(self.tenant, version))

    def read(self, version: str) -> tuple[dict[str, bytes], dict[str, Any]]:
        """Read a version's files and details."""
        return self._told("read", lambda: self._store.read(self.tenant, version))

    def all_details(self) -> list[Mapping[str, Any]]:
        """Read the details of each version; one that is damaged, or deleted meanwhile, is left out."""
        return self._told("read", self._all_details)

    def write(self, files: Mapping[str, bytes], details: Mapping[str, Any], *, parent: str | None) -> str:
        """Write a version, and give its name."""
        return self._told("write", lambda: self._store.write(self.tenant, files, details, parent=parent))

    def activate(self, version: str, *, after: Activation | None, job: str) -> Activation:
        """Make a version active, if `after` is still the newest entry."""
        return self._told("activate", lambda: self._store.activate(self.tenant, version, after=after, job_id=job))

    def delete(self, version: str) -> None:
        """Remove a version that is not active."""
        self._told("delete", lambda: self._store.delete_version(self.tenant, version))

    def retain(self, retention: Retention) -> None:
        """Remove versions that retention lets go of, at most ten; what keeps them from it is a warning."""
        if retention.n_versions == 0:
            return
        try:
            removed = self._told("delete", lambda: self._collect(retention))
        except StoreError as error:
            line = (
                f"old versions of {self.tenant} were not removed; the next job that keeps a model tries again: {error}"
            )
            self._on_event(StoreWarning(line))
            return
        if removed:
            self._on_event(VersionsRemoved(self.tenant, removed))

    def _collect(self, retention: Retention) -> tuple[str, ...]:
        # One listing tells that there is nothing to do; folders that killed jobs left count as well.
        if self._store.n_folders(self.tenant) <= retention.n_versions:
            return ()
        return collect_garbage(self._store, self.tenant, retention, most=_MOST_REMOVED).versions

    def _all_details(self) -> list[Mapping[str, Any]]:
        found = []
        for version in self._store.versions(self.tenant):
            with contextlib.suppress(StoreCorrupt, VersionMissing):
                found.append(self._store.config(self.tenant, version).details)
        return found

    def _told(self, operation: Operation, use: Callable[[], _Answer]) -> _Answer:
        began_s, error = time.monotonic(), ""
        try:
            return use()
        except VersionMissing:  # an answer too
            raise
        except Exception as raised:
            error = type(raised).__name__
            raise
        finally:
            self._on_event(StoreUsed(operation, time.monotonic() - began_s, error))
            while self._warnings:
                self._on_event(StoreWarning(self._warnings.pop(0)))


# One for the life of the process: to open a bucket takes longer than to read a model from it.
@lru_cache(maxsize=1)
def _opened(url: str) -> tuple[ModelStore, list[str]]:
    warnings: list[str] = []
    return ModelStore(url, warnings.append), warnings
