"""`--report`: write one HTML file, which needs no network, from a view and a template."""

import base64
import hashlib
import re
from collections.abc import Mapping
from importlib import resources
from typing import Any, Final

from worker.replay.files import write_file
from worker.replay.report.view import ReportView, TreeNode
from worker.replay.wording import percent
from worker.topics.diagnostics import Diagnostics
from worker.version import WORKER_VERSION

# Topics take these colors of templates/colors.css in turn, then the same colors with another shape.
_TOPIC_COLOR: Final = re.compile(r"--c\d+(?=:)")
# The map shows a longer comment shortened to this length: enough to recognize it.
MAX_HOVER_CHARS: Final = 280
MAX_MAP_DECIMALS: Final = 3


def write_report(path: str, view: ReportView) -> None:
    """Render the report and write it.

    Raises:
        UnwritableFile: the file cannot be written.
    """
    write_file(path, render(view).encode("utf-8"))


def render(view: ReportView) -> str:
    """Render the report as HTML; its Content-Security-Policy allows its own two scripts and no request."""
    import jinja2
    from plotly.offline import get_plotlyjs

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("worker.replay.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": percent, "tree": _flat}
    scripts = [get_plotlyjs(), _resource("report.js")]
    colors = _resource("colors.css")
    n_colors = len(set(_TOPIC_COLOR.findall(colors)))
    return environment.get_template("report.html.j2").render(
        view=view,
        session=view.session,
        document=view.session.document,
        version=WORKER_VERSION,
        n_colors=n_colors,
        css=colors + _resource("report.css"),
        scripts=scripts,
        hashes=[_hash(script) for script in scripts],
        points=_points(view, n_colors),
    )


def _points(view: ReportView, n_colors: int) -> Mapping[str, Any]:
    session = view.session
    diagnostics = session.fit.diagnostics
    assert isinstance(diagnostics, Diagnostics)  # noqa: S101 - a view is only made of a session that has them
    batch, coordinates = session.batch, diagnostics.coordinates
    return {
        "x": [round(float(x), MAX_MAP_DECIMALS) for x in coordinates[:, 0]],
        "y": [round(float(y), MAX_MAP_DECIMALS) for y in coordinates[:, 1]],
        "topic": session.fit.labels.tolist(),
        "placed": [int(core < 0 <= label) for core, label in zip(diagnostics.core, session.fit.labels, strict=True)],
        "text": [text if len(text) <= MAX_HOVER_CHARS else text[:MAX_HOVER_CHARS] + "…" for text in batch.texts],
        "id": [batch.submission_ids[position] for position in batch.kept.tolist()],
        "labels": [topic.label for topic in view.topics],
        "colors": n_colors,
    }


def _flat(node: TreeNode, depth: int = 0) -> list[tuple[int, TreeNode]]:
    children = [line for child in node.children for line in _flat(child, depth + 1)]
    return [(depth, node), *children]


def _resource(name: str) -> str:
    return (resources.files("worker.replay.report") / "templates" / name).read_text(encoding="utf-8")


def _hash(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
