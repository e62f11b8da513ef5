"""CSV: a header, then rows of as many fields; what separates them is told by the header."""

import csv
import io
import re
from collections.abc import Iterator
from typing import Final

from worker.tables.table import Table, UnreadableTable

_SEPARATORS: Final = (",", ";", "\t", "|")
_NAMES: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
# The module's own limit, 131,072 characters a field, is shorter than a long text.
_LONGEST_FIELD: Final = 2**31 - 1
# A question as the name of a column may hold separators and line breaks, in quotes.
_QUOTED: Final = re.compile(r'"[^"]*"')
_HEADER_CHARS: Final = 100_000


def read_csv(text: str, name: str, notes: tuple[str, ...]) -> Table:
    """Read the text of a CSV file.

    Raises:
        UnreadableTable: it is empty, a row has another number of fields than the header, or quotes are broken.
    """
    csv.field_size_limit(_LONGEST_FIELD)
    separator = _separator(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows = _numbered(reader, name)
    header = next(rows, None)
    if header is None:
        raise UnreadableTable(f"{name} is empty")
    columns = [column.strip() for column in header[1]]
    twice = sorted({column for column in columns if columns.count(column) > 1})
    if twice:
        raise UnreadableTable(f"{name}: the column {twice[0] or '(without a name)'} stands twice in the header")
    cells: list[list[object]] = [[] for _ in columns]
    places = []
    for line, row in rows:
        if len(row) != len(columns):
            raise UnreadableTable(
                f"{name}, line {line}: {len(row)} fields, but the header has {len(columns)}, separated by "
                f'{_NAMES[separator]}; a text that holds one of these must stand in "quotes"'
            )
        places.append(f"line {line}")
        for column, cell in zip(cells, row, strict=True):
            column.append(cell.strip() or None)
    return Table(name, dict(zip(columns, cells, strict=True)), places, notes)


def _separator(text: str) -> str:
    """Give the separator that the header has most of outside quotes; the comma if it has none."""
    header = next((line for line in _QUOTED.sub("", text[:_HEADER_CHARS]).split("\n") if line.strip()), "")
    return max(_SEPARATORS, key=header.count)


def _numbered(reader: Iterator[list[str]], name: str) -> Iterator[tuple[int, list[str]]]:
    """Give each row that is not empty, with the line at which it begins."""
    begins = 1
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise UnreadableTable(
                f"{name}, row that begins at line {begins}: {error}; is a quote not closed, or not doubled?"
            ) from None
        if row is None:
            return
        if any(cell.strip() for cell in row):
            yield begins, row
        begins = reader.line_num + 1  # type: ignore[attr-defined]
