"""The comments of a table: which column is their text, their title, their id, their label."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from worker.printable import printable
from worker.tables.table import Table, UnreadableTable

# The names by which a column is known without being named, the most telling first.
TEXT_NAMES: Final = (
    *("comment", "comments", "text", "comment_text", "feedback", "review", "response", "abstract"),
    *("content", "body", "message", "remark", "remarks", "suggestion", "sentence", "document", "description"),
)
ID_NAMES: Final = ("submissionid", "submission_id", "comment_id", "id")
_ABSTRACT: Final = "abstract"
_TITLE: Final = "title"
_MOST_NAME_CHARS: Final = 40
_ENDS: Final = (".", "!", "?", ":", "…")


@dataclass(frozen=True)
class Wanted:
    """The columns that a person named; None for none.

    Attributes:
        text: the comments.
        title: stands before each comment.
        id: names each comment.
        label: what each comment is about, as a person said.
        others: what else is to be known of each comment.
    """

    text: str | None = None
    title: str | None = None
    id: str | None = None
    label: str | None = None
    others: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Comments:
    """The comments of a table, rows without text left out.

    Attributes:
        ids: (n,) each once.
        texts: (n,) none is empty.
        labels: (n,) "" for a comment without one; None if no column was named.
        notes: what a person should know, one line each; no text of a comment.
        warnings: as notes.
        others: for each other column that was named, by that name, (n,) its cells as text.
    """

    ids: tuple[str, ...] = field(repr=False)
    texts: tuple[str, ...] = field(repr=False)
    labels: tuple[str, ...] | None = field(default=None, repr=False)
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    others: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)


def comments_of(table: Table, wanted: Wanted) -> Comments:
    """Take the comments out of a table.

    Raises:
        UnreadableTable: there is no such column, no column that holds comments by its name, no text at all, a cell
            that is no text, or an id that is missing or stands twice.
    """
    text = _column(table, wanted.text) if wanted.text is not None else _obvious_text(table)
    title = _title(table, wanted, text)
    texts = [_joined(*pair) for pair in zip(_cells(table, title), _cells(table, text), strict=True)]
    rows = [row for row, content in enumerate(texts) if content]
    if not rows:
        raise UnreadableTable(f"{table.name}: no row has a text in column {text}")
    ids, of_ids, id_notes = _ids(table, wanted.id, rows)
    labels = None
    if wanted.label is not None:
        cells = _cells(table, _column(table, wanted.label))
        labels = tuple(cells[row] for row in rows)
    what = f"columns {_shown(title)} and {_shown(text)}" if title else f"column {_shown(text)}"
    others = {}
    for name in wanted.others:
        cells = _cells(table, _column(table, name))
        others[name] = tuple(cells[row] for row in rows)
    notes = [f"{table.name}: {len(rows):,} comments, text: {what}, ids: {of_ids}"]
    n_empty = table.n_rows - len(rows)
    warnings = [*table.notes, *id_notes, *([f"{n_empty:,} rows without text are left out"] if n_empty else [])]
    return Comments(ids, tuple(texts[row] for row in rows), labels, tuple(notes), tuple(warnings), others)


def _column(table: Table, name: str) -> str:
    """Find a column by its name, in whatever case if there is only one such."""
    if name in table.columns:
        return name
    alike = [column for column in table.columns if column.lower() == name.lower()]
    if len(alike) == 1:
        return alike[0]
    raise UnreadableTable(f"{table.name} has no column {name}; it has {_listed(table)}")


def _obvious_text(table: Table) -> str:
    known = {column.lower(): column for column in table.columns}
    found = next((known[name] for name in TEXT_NAMES if name in known), None)
    if found is not None:
        return found
    if len(table.columns) == 1:
        (only,) = table.columns
        if len(only) > _MOST_NAME_CHARS:
            raise UnreadableTable(f"{table.name} has no header: its first line must name the column, as comment")
        return only
    raise UnreadableTable(
        f"{table.name}: which column holds the comments? It has {_listed(table)}: "
        f"python -m worker train {table.name} --text COLUMN"
    )


def _title(table: Table, wanted: Wanted, text: str) -> str | None:
    """Give the column of titles: the one that was named, or the one beside abstracts that nobody named."""
    if wanted.title is not None:
        return _column(table, wanted.title)
    if wanted.text is not None or text.lower() != _ABSTRACT:
        return None
    return next((column for column in table.columns if column.lower() == _TITLE), None)


def _ids(table: Table, named: str | None, rows: Sequence[int]) -> tuple[tuple[str, ...], str, list[str]]:
    """Give an id for each row, where it is from, and what a person should know of that."""
    known = {column.lower(): column for column in table.columns}
    column = _column(table, named) if named is not None else next((known[n] for n in ID_NAMES if n in known), None)
    numbers = tuple(str(row + 1) for row in rows)
    if column is None:
        return numbers, "row numbers", []
    cells = _cells(table, column)
    first: dict[str, int] = {}
    for row in rows:
        earlier = first.setdefault(cells[row], row)
        flaw = "is empty" if not cells[row] else f"is also that of {table.places[earlier]}"
        if not cells[row] or earlier != row:
            where = f"{table.name}, {table.places[row]}: the id in column {column} {flaw}"
            if named is not None:
                raise UnreadableTable(f"{where}; leave --id out to take the row numbers")
            return numbers, "row numbers", [f"{where}: row numbers are the ids"]
    return tuple(cells[row] for row in rows), f"column {column}", []


def _cells(table: Table, column: str | None) -> list[str]:
    """Give a column's cells as text, "" for empty ones."""
    if column is None:
        return [""] * table.n_rows
    cells = table.columns[column]
    for row, cell in enumerate(cells):
        if isinstance(cell, list | dict | bytes):
            raise UnreadableTable(f"{table.name}, {table.places[row]}: column {column} holds no text")
    return ["" if _is_empty(cell) else str(cell) for cell in cells]


def _is_empty(cell: object) -> bool:
    # pandas writes NaN for an empty cell.
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def _joined(title: str, text: str) -> str:
    if not title or not text:
        return title or text
    return f"{title} {text}" if title.endswith(_ENDS) else f"{title}. {text}"


def _listed(table: Table) -> str:
    return ", ".join(map(_shown, table.columns))


def _shown(column: str) -> str:
    """Name a column in a message; what is long is no name, but a comment in a file without a header."""
    return printable(column, _MOST_NAME_CHARS) or "(without a name)"
