"""Files of `--once`: a batch in one of the shapes people have it in, and what is written."""

import gzip
import json
import os
import sys
import zlib
from pathlib import Path
from typing import Final

from worker.errors import WorkerError

STDIN: Final = "-"
_GZIP_MAGIC: Final = b"\x1f\x8b"


class UnreadableFile(WorkerError):
    """There is no such file, or it holds no JSON; the message names the file, not its words."""


class UnwritableFile(WorkerError):
    """A file that was asked for cannot be written; the message names it and says why."""


def write_file(path: str, content: bytes) -> None:
    """Write a file that was asked for.

    Raises:
        UnwritableFile: it cannot be had.
    """
    try:
        Path(path).write_bytes(content)
    except OSError as error:
        raise UnwritableFile(f"cannot write {path}: {error.strerror or error}") from None


def check_writable(path: str) -> None:
    """Find out whether a file could be written, before the work for it is done; nothing is changed.

    Raises:
        UnwritableFile: it could not.
    """
    existed, target = os.path.lexists(path), Path(path)
    try:
        # A pipe may have no reader yet, and one that it has would take the closing for the end.
        if target.exists() and not target.is_file() and not target.is_dir():
            return
        with target.open("ab"):
            pass
        if not existed:
            target.unlink()
    except OSError as error:
        raise UnwritableFile(f"cannot write {path}: {error.strerror or error}") from None


def make_folder(path: str) -> None:
    """Make a folder that files are to be written to, unless it is there, and find out whether they can be.

    Raises:
        UnwritableFile: they cannot.
    """
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnwritableFile(f"cannot write {path}: {error.strerror or error}") from None
    check_writable(os.path.join(path, "topics.json"))


def read_batch_file(source: str) -> object:
    """Read an envelope; it is not validated.

    Recognised by shape: the envelope itself; a RunPod request `{"input": envelope}`; a BullMQ
    job dump `{"name", "data", "opts"}`, where `data` may be a JSON string as Redis stores it.
    Any of them may be compressed with gzip, whatever the file is called.

    Args:
        source: a path, or `-` for stdin.

    Raises:
        UnreadableFile: the bytes cannot be had, decompressed or parsed.
    """
    return _unwrap(_read(source), "stdin" if source == STDIN else source)


def read_result_file(source: str) -> object:
    """Read a result document; it is not validated.

    Recognised by shape: the document itself, a RunPod response `{"output": document}`, or a dump
    of a finished BullMQ job with its `returnvalue`, which may be a JSON string.

    Raises:
        UnreadableFile: the bytes cannot be had, decompressed or parsed.
    """
    match _read(source):
        case {"status": _, "completedAt": _} as document:
            return document
        case {"returnvalue": str(stored)}:
            return _parsed(stored, source)
        case {"returnvalue": document} | {"output": document}:
            return document
        case document:
            return document


def _read(source: str) -> object:
    name = "stdin" if source == STDIN else source
    try:
        raw = sys.stdin.buffer.read() if source == STDIN else Path(source).read_bytes()
        if raw.startswith(_GZIP_MAGIC):
            raw = gzip.decompress(raw)
    except OSError as error:
        # gzip.BadGzipFile is an OSError too, without a strerror.
        raise UnreadableFile(f"cannot read {name}: {error.strerror or error}") from None
    except (EOFError, zlib.error):
        raise UnreadableFile(f"cannot read {name}: the gzip stream is damaged") from None
    return _parsed(raw, name)


def _parsed(raw: bytes | str, name: str) -> object:
    # The standard library's parser, as in the queue's client: it takes NaN and half
    # surrogates, so that a file and a job with the same bytes get the same answer.
    try:
        parsed: object = json.loads(raw)
        return parsed
    except UnicodeDecodeError:
        raise UnreadableFile(f"{name} is not JSON: it is not UTF-8 text") from None
    except RecursionError:
        raise UnreadableFile(f"{name} is not JSON this worker reads: nested too deeply") from None
    except ValueError as error:  # a JSONDecodeError, or an int of over 4,300 digits
        raise UnreadableFile(f"{name} is not JSON: {error}") from None


def _unwrap(document: object, name: str) -> object:
    match document:
        case {"items": _}:
            return document
        case {"input": envelope}:
            return envelope
        case {"data": str(stored), "name": _} | {"data": str(stored), "opts": _}:
            return _parsed(stored, name)
        case {"data": envelope, "name": _} | {"data": envelope, "opts": _}:
            return envelope
        case _:
            return document
