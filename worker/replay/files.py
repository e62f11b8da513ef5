"""Files of `--once`: it reads batches and results in several JSON shapes, and writes reports and envelopes."""

import gzip
import os
import sys
import zlib
from pathlib import Path
from typing import Final

from worker.contract.json_text import NotJson, parse_json
from worker.errors import WorkerError

STDIN: Final = "-"
_GZIP_MAGIC: Final = b"\x1f\x8b"
_TABLES: Final = "; if it is a table of comments, its name must end in .csv, .tsv, .jsonl or .parquet: see train --help"


class UnreadableFile(WorkerError):
    """A file is missing or is not valid; the message names the file and never quotes it."""


class UnwritableFile(WorkerError):
    """A file cannot be written; the message names the file and the reason."""


def write_file(path: str, content: bytes) -> None:
    """Write a file.

    Raises:
        UnwritableFile: the operating system refuses.
    """
    try:
        Path(path).write_bytes(content)
    except OSError as error:
        raise UnwritableFile(f"cannot write {path}: {error.strerror or error}") from None


def check_writable(path: str) -> None:
    """Check that a file can be written before the batch is computed; the file system is left as it was.

    Raises:
        UnwritableFile: the file cannot be written.
    """
    existed, target = os.path.lexists(path), Path(path)
    try:
        # Do not open named pipes: without a reader open() blocks, and a reader would take the closing for the end.
        if target.exists() and not target.is_file() and not target.is_dir():
            return
        with target.open("ab"):
            pass
        if not existed:
            target.unlink()
    except OSError as error:
        raise UnwritableFile(f"cannot write {path}: {error.strerror or error}") from None


def make_folder(path: str) -> None:
    """Make a folder if it does not exist, and check that files can be written to it before the batch is computed.

    Raises:
        UnwritableFile: the folder cannot be made, or no file can be written to it.
    """
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnwritableFile(f"cannot write {path}: {error.strerror or error}") from None
    check_writable(os.path.join(path, "topics.json"))


def read_batch_file(source: str) -> object:
    """Read an envelope without validating it.

    The shape of the JSON tells what the file is: the envelope itself; a RunPod request `{"input": envelope}`; a BullMQ
    job dump `{"name", "data", "opts"}`, whose `data` may be a JSON string as Redis stores it.
    Each may be compressed with gzip, whatever the name of the file.

    Args:
        source: a path, or `-` for stdin.

    Raises:
        UnreadableFile: the file cannot be read, decompressed or parsed.
    """
    return _unwrap(_read(source, _TABLES), "stdin" if source == STDIN else source)


def read_result_file(source: str) -> object:
    """Read a result document without validating it.

    The shape of the JSON tells what the file is: the document itself, a RunPod response `{"output": document}`, or a
    dump of a finished BullMQ job with its `returnvalue`, which may be a JSON string.

    Raises:
        UnreadableFile: the file cannot be read, decompressed or parsed.
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


def _read(source: str, hint: str = "") -> object:
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
    return _parsed(raw, name, hint)


def _parsed(raw: bytes | str, name: str, hint: str = "") -> object:
    try:
        return parse_json(raw)
    except NotJson as error:
        raise UnreadableFile(f"{name} {error}{hint}") from None


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
