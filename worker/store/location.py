"""What `MODEL_STORE` may be, and the package that each kind of store needs; imports nothing slow."""

import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from worker.errors import ConfigurationError

# The scheme, the package that serves it for fsspec, and whose store it is.
_REMOTE: Final = {
    "s3": ("s3fs", "s3"),
    "gs": ("gcsfs", "gcs"),
    "gcs": ("gcsfs", "gcs"),
    "az": ("adlfs", "azure"),
    "abfs": ("adlfs", "azure"),
    "abfss": ("adlfs", "azure"),
}
# The packages for Google's and Azure's stores are no extras: with them the lock file would hold old ones of all three.
_INSTALL: Final = {"s3": "topic-model-worker[s3]", "gcs": "gcsfs", "azure": "adlfs"}
_KEYS: Final = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    "gcs": "GOOGLE_APPLICATION_CREDENTIALS",
    "azure": "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY",
}
_RULE: Final = "must be a folder, or look like s3://bucket/path, gs://bucket/path or az://container/path"


@dataclass(frozen=True)
class Location:
    """A place that models can be kept in.

    Attributes:
        scheme: as in the URL; "file" for a folder.
        path: an absolute path, or bucket and path without slashes around them.
    """

    scheme: str
    path: str

    @property
    def is_local(self) -> bool:
        """Whether it is a folder of this machine, as a mounted one is too."""
        return self.scheme == "file"

    @property
    def cloud(self) -> str:
        """Whose store it is: "s3", "gcs" or "azure"; "" for a folder."""
        return "" if self.is_local else _REMOTE[self.scheme][1]

    @property
    def key_variables(self) -> str:
        """The variables that the credentials come from."""
        return _KEYS.get(self.cloud, "")

    def __str__(self) -> str:
        return self.path if self.is_local else f"{self.scheme}://{self.path}"


def read_location(url: str) -> Location:
    """Read the value of `MODEL_STORE`.

    Raises:
        ValueError: it cannot be one; the message begins with "must" or "has" and does not repeat the value.
    """
    scheme, marker, _ = url.partition("://")
    if not marker:
        return Location("file", str(Path(url).expanduser().absolute()))
    if scheme == "file":
        if not url.startswith("file:///"):
            raise ValueError("must look like file:///path/to/folder, with three slashes, or /path/to/folder")
        return Location("file", str(Path(url.removeprefix("file://")).absolute()))
    if scheme not in _REMOTE:
        raise ValueError(_RULE)
    return _remote(url, scheme)


def check_package(location: Location) -> None:
    """Find out whether what the store needs is installed.

    Raises:
        ConfigurationError: it is not.
    """
    if location.cloud and importlib.util.find_spec(_REMOTE[location.scheme][0]) is None:
        raise ConfigurationError(f"MODEL_STORE is {location.scheme}://…: install {_INSTALL[location.cloud]}")


def _remote(url: str, scheme: str) -> Location:
    keys = _KEYS[_REMOTE[scheme][1]]
    parts = urlsplit(url)
    if "@" in parts.netloc:
        raise ValueError(f"has an @ in it; what stands before it goes into {keys}, Azure's account too")
    if parts.query or parts.fragment or "?" in url or "#" in url:
        raise ValueError("has a ? or # in it, and a store's URL has neither")
    path = f"{parts.netloc}/{parts.path.strip('/')}".rstrip("/")
    if not parts.netloc or re.search(r"(^|/)\.{0,2}(/|$)", path):
        raise ValueError(_RULE)
    return Location(scheme, path)
