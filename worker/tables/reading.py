"""Read a file as a table; its name says in which format, its content if the name does not."""

import gzip
import zlib
from pathlib import Path
from typing import Final

from worker.tables.comma_separated import read_csv
from worker.tables.encoding import decode
from worker.tables.json_records import read_json
from worker.tables.parquet import read_parquet
from worker.tables.table import Table, UnreadableTable

CSV: Final = (".csv", ".tsv", ".tab")
JSON_LINES: Final = (".jsonl", ".ndjson")
PARQUET: Final = (".parquet", ".pq")
_COMPRESSED: Final = ".gz"
_GZIP_MAGIC: Final = b"\x1f\x8b"
_PARQUET_MAGIC: Final = b"PAR1"


def is_table(path: str) -> bool:
    """Tell by its name whether a file is a table of comments, and no envelope."""
    return _suffix(path) in (*CSV, *JSON_LINES, *PARQUET)


def read_table(path: str, encoding: str | None = None) -> Table:
    """Read a file, gzipped or not.

    Args:
        path: of the file.
        encoding: of its text; None to find out.

    Raises:
        UnreadableTable: it cannot be read, is empty, is broken, or holds no table.
    """
    raw = _bytes_of(path)
    if not raw.strip():
        raise UnreadableTable(f"{path} is empty")
    suffix = _suffix(path)
    if suffix in PARQUET or raw.startswith(_PARQUET_MAGIC):
        table = read_parquet(raw, path)
    else:
        text, notes = decode(raw, path, encoding)
        is_json = suffix in JSON_LINES or (suffix not in CSV and text.lstrip()[:1] in ("{", "["))
        table = (read_json if is_json else read_csv)(text, path, notes)
    if not table.n_rows:
        raise UnreadableTable(f"{path} has a header and not one row")
    return table


def _bytes_of(path: str) -> bytes:
    try:
        raw = Path(path).read_bytes()
        return gzip.decompress(raw) if raw.startswith(_GZIP_MAGIC) else raw
    except OSError as error:
        # gzip.BadGzipFile is an OSError too, without a strerror.
        raise UnreadableTable(f"cannot read {path}: {error.strerror or error}") from None
    except (EOFError, zlib.error):
        raise UnreadableTable(f"cannot read {path}: the gzip stream is damaged") from None


def _suffix(path: str) -> str:
    suffixes = [suffix.lower() for suffix in Path(path).suffixes]
    if suffixes and suffixes[-1] == _COMPRESSED:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""
