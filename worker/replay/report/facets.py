"""The share of each topic by a facet, such as the teacher or the term, or over time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import numpy as np

from worker.replay.session import Session
from worker.topics.arrays import IntArray

# So many values have a column of their own; those with fewer comments share one.
MOST_VALUES: Final = 12
OTHERS: Final = "others"
# A date's comments are counted by year from this many months on, by day below this many days.
_MONTHS_FOR_YEARS: Final = 36
_DAYS_FOR_DAYS: Final = 21
# Clearly more: this many standard errors of a share that is drawn at random, and this many comments.
_STANDARD_ERRORS: Final = 2.6
_FEWEST: Final = 5


@dataclass(frozen=True)
class Cell:
    """A topic's comments among those with one value: their number, their share, whether that is clearly more."""

    count: int
    share: float
    is_more: bool


@dataclass(frozen=True)
class FacetRow:
    """One topic: its number and label, its share of all comments with a value, and a cell for each value.

    `line` draws the shares in a box of 100 by 20, the points of an SVG polyline; the highest share touches its top.
    """

    index: int
    label: str
    of_all: float
    cells: tuple[Cell, ...]

    @property
    def line(self) -> str:
        """The points of the line."""
        most = max((cell.share for cell in self.cells), default=0.0) or 1.0
        step = 100 / max(1, len(self.cells) - 1)
        return " ".join(f"{step * at:.1f},{20 - 20 * cell.share / most:.1f}" for at, cell in enumerate(self.cells))


@dataclass(frozen=True)
class Facet:
    """One facet.

    Attributes:
        key: the key of the items.
        values: the columns: periods in order, or values by falling number of comments.
        counts: the comments of each.
        rows: the topics.
        is_time: whether the values are dates.
        unit: the length of a period: "day", "month" or "year"; else empty.
        n_without: comments without a value.
    """

    key: str
    values: tuple[str, ...]
    counts: tuple[int, ...]
    rows: tuple[FacetRow, ...]
    is_time: bool
    unit: str
    n_without: int


def facets_of(session: Session, labels: Sequence[str]) -> tuple[Facet, ...]:
    """Break the topics down by each facet that was asked for; labels are those of the topics."""
    kept = session.batch.kept.tolist()
    asked: Mapping[str, tuple[str, ...]] = session.extras.facets
    return tuple(_facet(session, key, [values[at] for at in kept], labels) for key, values in asked.items())


def _facet(session: Session, key: str, values: list[str], labels: Sequence[str]) -> Facet:
    periods, unit = _periods(values)
    own = periods or values
    names, counts = np.unique([value for value in own if value], return_counts=True)
    if unit:
        shown = [str(name) for name in names]
    else:
        ranked = [str(names[at]) for at in np.lexsort((names, -counts))]
        shown = ranked[:MOST_VALUES] + [OTHERS] * (len(ranked) > MOST_VALUES)
    column = {name: at for at, name in enumerate(shown)}
    place = np.array([-1 if not value else column.get(value, len(shown) - 1) for value in own], dtype=np.int64)
    n_topics = len(labels)
    table = np.zeros((n_topics, len(shown)), dtype=np.int64)
    inside = (place >= 0) & (session.fit.labels >= 0)
    np.add.at(table, (session.fit.labels[inside], place[inside]), 1)
    totals = np.bincount(place[place >= 0], minlength=len(shown))
    rows = tuple(
        FacetRow(topic, labels[topic], float(table[topic].sum() / max(1, totals.sum())), _cells(table[topic], totals))
        for topic in range(n_topics)
    )
    n_without = int(np.sum(place < 0))
    return Facet(key, tuple(shown), tuple(totals.tolist()), rows, bool(unit), unit, n_without)


def _cells(counts: IntArray, totals: IntArray) -> tuple[Cell, ...]:
    share = counts.sum() / max(1, totals.sum())
    cells = []
    for count, total in zip(counts.tolist(), totals.tolist(), strict=True):
        error = np.sqrt(share * (1 - share) / max(1, total))
        own = count / max(1, total)
        cells.append(Cell(count, own, bool(count >= _FEWEST and own > share + _STANDARD_ERRORS * error)))
    return tuple(cells)


def _periods(values: Sequence[str]) -> tuple[list[str], str]:
    """Give the period of each value and its length, if all values are dates; else nothing."""
    dates = [_date(value) if value else None for value in values]
    known = [found for found in dates if found is not None]
    if not known or any(value and found is None for value, found in zip(values, dates, strict=True)):
        return [], ""
    first, last = min(known), max(known)
    n_months = (last.year - first.year) * 12 + last.month - first.month
    if n_months >= _MONTHS_FOR_YEARS:
        length, unit = 4, "year"
    elif (last - first).days < _DAYS_FOR_DAYS:
        length, unit = 10, "day"
    else:
        length, unit = 7, "month"
    return ["" if found is None else found.isoformat()[:length] for found in dates], unit


def _date(value: str) -> date | None:
    try:
        return datetime.fromisoformat(value).date() if len(value) >= len("2026-01-01") else None
    except ValueError:
        return None
