"""A file, or stdin, that holds a batch in one of the shapes people have it in."""

import gzip
import json
import sys
import zlib
from pathlib import Path
from typing import Final

from worker.errors import WorkerError

STDIN: Final = "-"
_GZIP_MAGIC: Final = b"\x1f\x8b"


class UnreadableFile(WorkerError):
    """There is no such file, or it holds no JSON; the message names the file, not its words."""


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
    name = "stdin" if source == STDIN else source
    try:
        raw = sys.stdin.buffer.read() if source == STDIN else Path(source).read_bytes()
        if raw.startswith(_GZIP_MAGIC):
            raw = gzip.decompress(raw)
        return _unwrap(_parse(raw))
    except OSError as error:
        # gzip.BadGzipFile is an OSError too, without a strerror.
        raise UnreadableFile(f"cannot read {name}: {error.strerror or error}") from None
    except (EOFError, zlib.error):
        raise UnreadableFile(f"cannot read {name}: the gzip stream is damaged") from None
    except UnicodeDecodeError:
        raise UnreadableFile(f"{name} is not JSON: it is not UTF-8 text") from None
    except RecursionError:
        raise UnreadableFile(f"{name} is not JSON this worker reads: nested too deeply") from None
    except ValueError as error:  # a JSONDecodeError, or an int of over 4,300 digits
        raise UnreadableFile(f"{name} is not JSON: {error}") from None


def _unwrap(document: object) -> object:
    match document:
        case {"items": _}:
            return document
        case {"input": envelope}:
            return envelope
        case {"data": str(stored), "name": _} | {"data": str(stored), "opts": _}:
            return _parse(stored)
        case {"data": envelope, "name": _} | {"data": envelope, "opts": _}:
            return envelope
        case _:
            return document


def _parse(raw: bytes | str) -> object:
    # The standard library's parser, as in the queue's client: it takes NaN and half
    # surrogates, so that a file and a job with the same bytes get the same answer.
    parsed: object = json.loads(raw)
    return parsed
