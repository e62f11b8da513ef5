"""`--report`: write one HTML file, which needs no network, from a view and a template."""

import base64
import hashlib
from typing import Final

from worker.replay.files import write_file
from worker.replay.report.environment import jinja, resource
from worker.replay.report.payload import payload_of
from worker.replay.report.view import ReportView
from worker.version import WORKER_VERSION

_STYLES: Final = ("colors.css", "report.css", "explorer.css")
# The parts of the page's script, in the order in which they need each other.
_SCRIPTS: Final = (
    "data.js",
    "search.js",
    "state.js",
    "view.js",
    "density.js",
    "shading.js",
    "labels.js",
    "painters.js",
    "drawing.js",
    "panel.js",
    "legend.js",
    "exports.js",
    "pointer.js",
    "main.js",
)


def write_report(path: str, view: ReportView) -> None:
    """Render the report and write it.

    Raises:
        UnwritableFile: the file cannot be written.
    """
    write_file(path, render(view).encode("utf-8"))


def render(view: ReportView) -> str:
    """Render the report as HTML; its Content-Security-Policy allows its own script and no request."""
    script = _script()
    return (
        jinja()
        .get_template("report.html.j2")
        .render(
            view=view,
            session=view.session,
            document=view.session.document,
            version=WORKER_VERSION,
            css="".join(map(resource, _STYLES)),
            script=script,
            script_hash=_hash(script),
            data=payload_of(view),
        )
    )


def _script() -> str:
    """Join the parts of the script in one scope, which nothing outside sees."""
    return '(() => {\n"use strict";\n' + "".join(map(resource, _SCRIPTS)) + "})();\n"


def _hash(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
