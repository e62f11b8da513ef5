"""The columns of a table that were named, checked before its comments are embedded, which may take an hour."""

from worker.analyses.request import Asked
from worker.replay.extras import Extras, read_extras
from worker.replay.request import BadUsage, Request
from worker.tables.comments import Comments


def check_labels(asked: Asked, comments: Comments) -> None:
    """Check that there is a label to compare topics with, if a column of labels was named.

    Raises:
        BadUsage: there is none.
    """
    if comments.labels is not None and not any(comments.labels):
        raise BadUsage(f"--label {asked.columns.label}: this column is empty; name one with what comments are about")


def extras_of(asked: Asked, comments: Comments) -> Extras:
    """Read what the report shows of the columns; nothing if there is to be no report.

    Raises:
        BadUsage: a column tells no mood, or its name is one of the contract's.
    """
    if asked.report is None:
        return Extras()
    shown, columns = asked.shown, comments.others
    items = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    wanted = Request(report=asked.report, title=shown.title, sentiment=shown.sentiment, facets=shown.facets)
    return read_extras(wanted, {"items": items})
