"""How the pages' templates and other files are read; every value is escaped."""

from importlib import resources
from typing import TYPE_CHECKING

from worker.replay.topic_remarks import percent

if TYPE_CHECKING:
    import jinja2


def jinja() -> "jinja2.Environment":
    """Make the environment of the templates; jinja2 is imported only for a page."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("worker.replay.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": percent}
    return environment


def resource(name: str) -> str:
    """Read a file beside the templates."""
    return (resources.files("worker.replay.report") / "templates" / name).read_text(encoding="utf-8")
