"""Files by name below the store's root: whole reads, whole writes, create-only writes, listings."""

from worker.store.local_files import LocalFiles
from worker.store.location import Location
from worker.store.remote_files import RemoteFiles

Files = RemoteFiles | LocalFiles


def open_files(location: Location) -> Files:
    """Open a store's files; of a remote one, nothing is asked yet.

    Raises:
        ConfigurationError: the package for this kind of store is not installed.
        StoreUnavailable: it cannot be used, as without credentials.
    """
    return LocalFiles(location) if location.is_local else RemoteFiles(location)
