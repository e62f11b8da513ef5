"""A version's folder: the claim that names its files, the data files, and config.json, which makes it a version."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from worker.store.errors import StoreCorrupt, VersionMissing
from worker.store.faults import Missing, Taken
from worker.store.files import Files
from worker.store.names import CLAIM, CONFIG, is_data_file, version_name
from worker.store.sealed import Damaged, seal, unseal

_SCHEMA = 1


@dataclass(frozen=True)
class VersionConfig:
    """What config.json says of a version.

    Attributes:
        tenant: whose it is.
        version: its name.
        parent: the version that it was made from; None for none.
        details: as they were given to `write`.
        sizes: bytes of each data file, by name.
    """

    tenant: str
    version: str
    parent: str | None
    details: Mapping[str, Any]
    sizes: Mapping[str, int]

    @property
    def n_bytes(self) -> int:
        """Bytes of all data files."""
        return sum(self.sizes.values())


class VersionFolders:
    """The version folders of one tenant.

    Args:
        files: the store's.
        tenant: a name that was checked.
        warn: takes a line on each file that is left aside.
    """

    def __init__(self, files: Files, tenant: str, warn: Callable[[str], None]) -> None:
        self._files = files
        self._tenant = tenant
        self._warn = warn

    def write(self, files: Mapping[str, bytes], details: Mapping[str, Any], parent: str | None, at: datetime) -> str:
        """Write a version: a folder that no other process writes into, its files, and last its config.json.

        Raises:
            ValueError: a file's name is not lower-case ASCII, or is one that the store uses.
        """
        names = sorted(files)
        if not all(map(is_data_file, names)):
            raise ValueError(
                "a data file's name is of the form [a-z0-9][a-z0-9_.-]{0,62}, not claim.json or config.json"
            )
        version = self._claim(names, at)
        for name in names:
            self._files.write(f"{self._folder(version)}/{name}", files[name])
        sums = {name: {"sha256": _sha256(files[name]), "bytes": len(files[name])} for name in names}
        config = {
            "schema": _SCHEMA,
            "tenant": self._tenant,
            "version": version,
            "parent": parent,
            "files": sums,
            "details": dict(details),
        }
        self._files.write(f"{self._folder(version)}/{CONFIG}", seal(config))
        return version

    def read(self, version: str) -> tuple[dict[str, bytes], dict[str, Any]]:
        """Read a version's data files and details.

        Raises:
            VersionMissing: there is no such version.
            StoreCorrupt: a file is missing or was changed; the message names it.
        """
        config = self._config(version)
        files = {}
        for name, expected in sorted(config["files"].items()):
            place = f"{self._folder(version)}/{name}"
            try:
                data = self._files.read(place)
            except Missing:
                raise self._corrupt(version, name, "is missing") from None
            if len(data) != expected["bytes"] or _sha256(data) != expected["sha256"]:
                raise self._corrupt(version, name, "was changed after it was written: its SHA-256 is another")
            files[name] = data
        return files, config["details"]

    def config(self, version: str) -> VersionConfig:
        """Read what a version's config.json says, without its data files.

        Raises:
            VersionMissing: there is no such version.
            StoreCorrupt: config.json was changed.
        """
        config = self._config(version)
        sizes = {name: int(each["bytes"]) for name, each in sorted(config["files"].items())}
        return VersionConfig(self._tenant, version, config["parent"], config["details"], sizes)

    def is_complete(self, version: str) -> bool:
        """Tell whether a version's folder holds a config.json, which is written last."""
        return CONFIG in self._files.names(self._folder(version))

    def remove(self, version: str) -> None:
        """Remove what the store wrote into a version's folder, config.json first; other files stay, with a warning."""
        folder = self._folder(version)
        own = self._own_names(version)
        # From here on it is no version any more; last the claim, which names what is still to be removed.
        self._files.remove(f"{folder}/{CONFIG}")
        for name in own:
            self._files.remove(f"{folder}/{name}")
        self._warn_of_foreign(version, {CLAIM})
        self._files.remove(f"{folder}/{CLAIM}")
        self._files.remove_folder(folder)

    def _claim(self, names: list[str], at: datetime) -> str:
        number = 1
        while True:
            version = version_name(at, number)
            try:
                self._files.create(f"{self._folder(version)}/{CLAIM}", seal({"files": names}))
            except Taken:
                number += 1
            else:
                return version

    def _own_names(self, version: str) -> list[str]:
        """List the data files that were to be written into a folder, whether it is complete or not."""
        try:
            names = unseal(self._files.read(f"{self._folder(version)}/{CLAIM}"))["files"]
        except (Missing, Damaged):
            return []
        return [name for name in names if is_data_file(name)]

    def _config(self, version: str) -> dict[str, Any]:
        try:
            config = unseal(self._files.read(f"{self._folder(version)}/{CONFIG}"))
        except Missing:
            raise VersionMissing(f"model store: {self._tenant} has no version {version}") from None
        except Damaged:
            raise self._corrupt(version, CONFIG, "was changed after it was written") from None
        if config["schema"] != _SCHEMA:
            raise self._corrupt(version, CONFIG, "is of a form that this version of the worker does not read")
        if (config["tenant"], config["version"]) != (self._tenant, version):
            raise self._corrupt(version, CONFIG, "belongs to another version; it was copied here")
        return config

    def _warn_of_foreign(self, version: str, own: set[str]) -> None:
        for name in self._files.names(self._folder(version)):
            if name not in own:
                self._warn(f"model store: {self._place(version, name)} is no file of the store's and is left alone")

    def _corrupt(self, version: str, name: str, what: str) -> StoreCorrupt:
        return StoreCorrupt(
            f"model store: {self._place(version, name)} {what}; "
            f"go back to a sound version: python -m worker models rollback {self._tenant}"
        )

    def _folder(self, version: str) -> str:
        return f"{self._tenant}/{version}"

    def _place(self, version: str, name: str) -> str:
        return f"{self._files.location}/{self._folder(version)}/{name}"


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
