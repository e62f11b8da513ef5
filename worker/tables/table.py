"""A table as it was read from a file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from worker.errors import WorkerError


class UnreadableTable(WorkerError):
    """A file is no table of comments; the message names file, line and column, and shows no cell."""


@dataclass(frozen=True, eq=False)
class Table:
    """A table.

    Attributes:
        name: of the file, for messages.
        columns: the cells of each column, all of the same number; a cell is any JSON value, None for an empty one.
        places: where each row stands, as "line 7".
        notes: what a person should know of how it was read, one line each.
    """

    name: str
    # Not in the repr: a traceback or a log must show nobody's words.
    columns: Mapping[str, Sequence[object]] = field(repr=False)
    places: Sequence[str] = field(repr=False)
    notes: tuple[str, ...] = ()

    @property
    def n_rows(self) -> int:
        """How many rows it has."""
        return len(self.places)
