"""Files in a folder of this machine."""

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from worker.store.errors import StoreCorrupt, StoreUnavailable
from worker.store.faults import Missing, said
from worker.store.location import Location

# Marks what a local write left aside, if it was killed before the file had its name.
ASIDE: Final = ".aside-"
_ATTEMPTS: Final = 20


class LocalFiles:
    """Files in a folder of this machine.

    Args:
        location: the store's root; made when something is written.
    """

    def __init__(self, location: Location) -> None:
        self.location = location
        self._root = Path(location.path)

    def read(self, name: str) -> bytes:
        """Read a file, as `RemoteFiles.read`."""
        with self._guard("read", name):
            return self._inside(name).read_bytes()

    def write(self, name: str, data: bytes) -> None:
        """Write a file, as `RemoteFiles.write`; after a crash or a cut of power there is the old one or the new one."""
        with self._guard("written", name), self._aside(data) as aside:
            self._put(aside, name, os.replace)

    def create(self, name: str, data: bytes) -> None:
        """Write a file that must not exist, as `RemoteFiles.create`.

        Written aside and then linked: a file created under its own name could be seen before it is whole.
        """
        with self._guard("written", name), self._aside(data) as aside:
            self._put(aside, name, os.link)

    def check_writable(self) -> None:
        """Find out whether files can be written; no folder stays that was not there before.

        Raises:
            StoreUnavailable: they cannot.
        """
        missing = [folder for folder in (self._root, *self._root.parents) if not folder.exists()]
        try:
            with self._guard("written", ""), self._aside(b""):
                pass
        finally:
            for folder in missing:
                with contextlib.suppress(OSError):
                    folder.rmdir()

    def names(self, folder: str) -> list[str]:
        """List the names in a folder, as `RemoteFiles.names`."""
        try:
            with self._guard("listed", folder):
                return sorted(os.listdir(self._inside(folder)))
        except Missing:
            if self._root.exists() and not self._root.is_dir():
                raise StoreUnavailable(
                    f"model store: {self._root} is not a folder; MODEL_STORE must name one"
                ) from None
            return []

    def has_folder(self, name: str) -> bool:
        """Tell whether there is a folder, as `RemoteFiles.has_folder`."""
        return self._inside(name).is_dir()

    def remove(self, name: str) -> None:
        """Remove a file, as `RemoteFiles.remove`."""
        with contextlib.suppress(Missing), self._guard("removed", name):
            self._inside(name).unlink()

    def remove_folder(self, name: str) -> None:
        """Remove a folder if it is empty."""
        with contextlib.suppress(OSError):
            self._inside(name).rmdir()

    def remove_asides(self, before: datetime) -> None:
        """Remove what killed processes had written aside before a time."""
        for name in self.names(""):
            if name.startswith(ASIDE):
                with contextlib.suppress(OSError):
                    path = self._inside(name)
                    if path.stat().st_mtime < before.timestamp():
                        path.unlink()

    @contextlib.contextmanager
    def _aside(self, data: bytes) -> Iterator[Path]:
        """Write a file into the root, out of the way of processes that remove folders below it."""
        _make_folder(self._root)
        aside = self._root / f"{ASIDE}{secrets.token_hex(8)}"
        try:
            with aside.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            yield aside
        finally:
            aside.unlink(missing_ok=True)

    def _put(self, aside: Path, name: str, move: Callable[[Path, Path], None]) -> None:
        path = self._inside(name)
        for attempt in range(_ATTEMPTS):
            _make_folder(path.parent)
            try:
                move(aside, path)
            except FileNotFoundError:
                # Another process removed the folder, which was still empty, in between.
                if attempt == _ATTEMPTS - 1:
                    raise
            else:
                break
        _sync_folder(path.parent)

    def _inside(self, name: str) -> Path:
        """Give the path of a name; a link below the root must not lead out of it.

        Raises:
            StoreCorrupt: it does, or something else than a file stands there.
        """
        path = self._root / name
        if not path.resolve().is_relative_to(self._root.resolve()):
            raise StoreCorrupt(f"model store: {path} leads out of the store through a link; remove the link")
        with contextlib.suppress(OSError):
            mode = path.stat().st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                raise StoreCorrupt(f"model store: {path} is neither a file nor a folder; remove it")
        return path

    @contextlib.contextmanager
    def _guard(self, action: str, name: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise said(error, action, self.location, name) from error


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        # It must not look as if the file that is to be created existed: another name would then be tried, for ever.
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path)) from None


def _sync_folder(folder: Path) -> None:
    """Let the folder's new name outlast a cut of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
