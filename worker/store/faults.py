"""Exceptions of folders and object stores, said in one line for a person; never with an answer's body or a key."""

import errno
from typing import Final
from urllib.parse import urlsplit

from worker.store.errors import StoreUnavailable
from worker.store.location import Location

_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# What link(2) answers on a file system without links; EPERM is also a PermissionError, unlike the usual EACCES.
_NO_LINKS: Final = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
_NO_CREDENTIALS: Final = {"NoCredentialsError", "PartialCredentialsError"}
_AWAY: Final = ("EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "ConnectionClosedError")
_NO_BUCKET: Final = {"NoSuchBucket", "ContainerNotFound"}
# Of S3: another request created the object first, or is just about to.
_EXISTS: Final = {"PreconditionFailed", "ConditionalRequestConflict"}


class Taken(Exception):
    """The file exists already; nothing was written."""


class Missing(Exception):
    """There is no such file."""


def _is_taken(error: BaseException) -> bool:
    """Tell whether a create-only write failed because the file exists."""
    return isinstance(error, FileExistsError) or _code(error) in _EXISTS


def _is_missing(error: BaseException) -> bool:
    """Tell whether a file or folder does not exist, in a store that does."""
    return isinstance(error, FileNotFoundError | NotADirectoryError) and _code(error) not in _NO_BUCKET


def said(error: Exception, action: str, location: Location, name: str) -> Exception:
    """Give the exception that a caller of the store's files is to see: `Taken`, `Missing` or `StoreUnavailable`."""
    if _is_taken(error) and action == "written":
        return Taken(name)
    if _is_missing(error) and action != "written":
        return Missing(name)
    return _unavailable(error, action, location, name)


def _unavailable(error: BaseException, action: str, location: Location, name: str) -> StoreUnavailable:
    """Say what happened, to what, and what to do.

    Args:
        error: what was raised.
        action: "read", "written" or another participle.
        location: the store.
        name: the file in the store, "" for the store itself.
    """
    place = f"{location}/{name}".rstrip("/")
    return StoreUnavailable(f"model store: {place} cannot be {action}: {_cause(error, location)}")


def _cause(error: BaseException, location: Location) -> str:
    if isinstance(error, PermissionError) and error.errno not in _NO_LINKS:
        return _no_permission(error, location)
    if type(error).__name__ in _AWAY or isinstance(error, ConnectionError | TimeoutError):
        return f"no answer from {_host(error)}"
    if type(error).__name__ in _NO_CREDENTIALS:
        return f"no credentials; set {location.key_variables}"
    if _code(error) in _NO_BUCKET:
        return f"there is no {'container' if location.cloud == 'azure' else 'bucket'} {location.path.split('/')[0]}"
    return _of_the_disk(error) if location.is_local else " ".join(filter(None, [type(error).__name__, _code(error)]))


def _no_permission(error: PermissionError, location: Location) -> str:
    if location.is_local:
        return "no permission; let this user read and write there, or set MODEL_STORE to another folder"
    return f"no permission ({_code(error) or 'refused'}); look at {location.key_variables} and the bucket's policy"


def _of_the_disk(error: BaseException) -> str:
    number = getattr(error, "errno", None)
    if number in _FULL:
        return "the disk is full; free some space, or remove old versions: python -m worker models gc"
    if number == errno.EROFS:
        return "the file system is read-only; set MODEL_STORE to a folder that can be written"
    if number in _NO_LINKS:
        return "the file system has no hard links, which a store in a folder needs; set MODEL_STORE to another place"
    return f"{getattr(error, 'strerror', None) or type(error).__name__}"


def _code(error: BaseException) -> str:
    """Give the error code of S3's or Azure's answer; "" if there is none."""
    for each in (error, error.__cause__):
        response = getattr(each, "response", None)
        if isinstance(response, dict):
            return str(response.get("Error", {}).get("Code", ""))
        code = getattr(each, "error_code", None)
        if isinstance(code, str):
            return code
    return ""


def _host(error: BaseException) -> str:
    """Name host and port that did not answer, without what else stands in the URL."""
    for each in (error, error.__cause__):
        url = getattr(each, "kwargs", {}).get("endpoint_url") if each is not None else None
        if isinstance(url, str):
            parts = urlsplit(url)
            return parts.netloc.rpartition("@")[2] or "the store"
    return "the store"
