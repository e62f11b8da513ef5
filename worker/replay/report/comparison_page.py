"""`--sweep` with `--report`: one page that sets the values of a parameter side by side and links to their reports."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from worker.replay.files import write_file
from worker.replay.report.environment import jinja, resource
from worker.replay.report.view import ReportView
from worker.version import WORKER_VERSION

# So many topics of each value are named.
N_TOPICS: Final = 30


@dataclass(frozen=True)
class Compared:
    """One value of the parameter: as it is written, its report's path, and what that report shows."""

    value: str
    path: str
    view: ReportView


def write_comparison(path: str, param: str, compared: Sequence[Compared]) -> None:
    """Write the page.

    Raises:
        UnwritableFile: the file cannot be written.
    """
    page = (
        jinja()
        .get_template("comparison.html.j2")
        .render(
            param=param,
            compared=[(one, PurePath(one.path).name, one.view.topics[:N_TOPICS]) for one in compared],
            title=compared[0].view.session.extras.title,
            source=compared[0].view.session.source,
            version=WORKER_VERSION,
            css=resource("colors.css") + resource("report.css"),
        )
    )
    write_file(path, page.encode("utf-8"))
