"""Files in an object store, through fsspec."""

import contextlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import fsspec

from worker.store.faults import Missing, said
from worker.store.location import Location, check_package

# One attempt of a store that does not answer takes so long; the job's own retries come on top.
_S3_OPTIONS: Final = {
    "max_concurrency": 1,
    "config_kwargs": {"connect_timeout": 5, "read_timeout": 30, "retries": {"max_attempts": 2, "mode": "standard"}},
}


class RemoteFiles:
    """Files in an object store, through fsspec.

    Args:
        location: the store's root.

    Raises:
        ConfigurationError: the package for this kind of store is not installed.
    """

    def __init__(self, location: Location) -> None:
        check_package(location)
        self.location = location
        options: dict[str, Any] = dict(_S3_OPTIONS) if location.scheme == "s3" else {}
        with self._guard("opened", ""):
            # What another process wrote must be seen: no cached listings, and no shared instance that has some.
            self._system = fsspec.filesystem(
                location.scheme, use_listings_cache=False, skip_instance_cache=True, **options
            )
        if location.scheme == "s3":
            # s3fs tries again by itself beside botocore, five times.
            self._system.retries = 1

    def read(self, name: str) -> bytes:
        """Read a file.

        Raises:
            Missing: there is none.
            StoreUnavailable: it cannot be read.
        """
        with self._guard("read", name):
            return bytes(self._system.cat_file(self._path(name)))

    def write(self, name: str, data: bytes) -> None:
        """Write a file, in place of another if need be.

        Raises:
            StoreUnavailable: it cannot be written.
        """
        with self._guard("written", name):
            self._system.pipe_file(self._path(name), data)

    def create(self, name: str, data: bytes) -> None:
        """Write a file that must not exist; others see it whole or not at all.

        Raises:
            Taken: it exists.
            StoreUnavailable: it cannot be written.
        """
        with self._guard("written", name):
            # Never open(…, "xb"): closed without a write, that empties an existing object.
            self._system.pipe_file(self._path(name), data, mode="create")

    def check_writable(self) -> None:
        """Find out whether the store answers and lists; only a write tells whether it takes one.

        Raises:
            StoreUnavailable: it does not.
        """
        self.names("")

    def names(self, folder: str) -> list[str]:
        """List the names in a folder, sorted; none if there is no such folder.

        Raises:
            StoreUnavailable: it cannot be listed.
        """
        try:
            with self._guard("listed", folder):
                found = self._system.ls(self._path(folder), detail=False)
        except Missing:
            return []
        own = self._path(folder)
        paths = [str(path).rstrip("/") for path in found]
        return sorted({path.rpartition("/")[2] for path in paths if path != own})

    def has_folder(self, name: str) -> bool:
        """Tell whether there is a folder that holds files; some object stores go on listing empty ones.

        Raises:
            StoreUnavailable: it cannot be listed.
        """
        try:
            with self._guard("listed", name):
                found = self._system.ls(self._path(name), detail=True)
        except Missing:
            return False
        others = [each for each in found if str(each["name"]).rstrip("/") != self._path(name)]
        below = (f"{name}/{str(each['name']).rstrip('/').rpartition('/')[2]}" for each in others)
        return any(each["type"] != "directory" for each in others) or any(map(self.has_folder, below))

    def remove(self, name: str) -> None:
        """Remove a file; nothing happens if there is none.

        Raises:
            StoreUnavailable: it cannot be removed.
        """
        with contextlib.suppress(Missing), self._guard("removed", name):
            self._system.rm_file(self._path(name))

    def remove_folder(self, name: str) -> None:
        """Object stores have no empty folders."""

    def remove_asides(self, before: datetime) -> None:
        """Object stores write no file aside."""

    def _path(self, name: str) -> str:
        return f"{self.location.path}/{name}".rstrip("/")

    @contextlib.contextmanager
    def _guard(self, action: str, name: str) -> Iterator[None]:
        # The libraries of each store raise exceptions of their own, which have no common base.
        try:
            yield
        except Exception as error:
            raise said(error, action, self.location, name) from error
