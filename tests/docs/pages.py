"""The pages of the project, and the blocks of code in them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.acceptance.processes import PROJECT

PAGES = sorted(
    path.relative_to(PROJECT)
    for pattern in ("*.md", "docs/*.md", "integration/README.md", "integration/python/README.md", "examples/README.md")
    for path in PROJECT.glob(pattern)
)
FENCE = re.compile(r"^```(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"<!-- *((?:(?!-->).)*?) *-->\n\Z", re.DOTALL)
NOT_RUN, UNTIL = "not run:", "run in the background until:"


@dataclass(frozen=True)
class Block:
    """One block of code.

    Attributes:
        page: the page's path from the project's root.
        line: of its fence.
        language: what stands behind the fence.
        text: what is in it.
        not_run: why a test machine cannot run it; "" if it can.
        until: what its output says when it is up and goes on in the background; "" if it ends.
    """

    page: Path
    line: int
    language: str
    text: str
    not_run: str = ""
    until: str = ""

    def __str__(self) -> str:
        """Name the place."""
        return f"{self.page}:{self.line}"


class BadMarker(Exception):
    """A comment before a block that is none of the two markers, or that gives no reason."""


def read(page: Path) -> str:
    """Read a page."""
    return (PROJECT / page).read_text(encoding="utf-8")


def blocks(page: Path, text: str | None = None) -> Iterator[Block]:
    """Give the blocks of a page in order.

    Raises:
        BadMarker: a comment before a block that cannot be obeyed.
    """
    text = read(page) if text is None else text
    for fence in FENCE.finditer(text):
        line = text.count("\n", 0, fence.start()) + 1
        yield Block(page, line, fence[1], fence[2], **_marker(text[: fence.start()], f"{page}:{line}"))


def _marker(before: str, place: str) -> dict[str, str]:
    comment = COMMENT.search(before)
    if comment is None:
        return {}
    for marker, name in ((NOT_RUN, "not_run"), (UNTIL, "until")):
        value = comment[1].removeprefix(marker).strip()
        if comment[1].startswith(marker) and value:
            return {name: value}
    raise BadMarker(f"{place}: '{comment[1]}' is not '{NOT_RUN} REASON' and not '{UNTIL} TEXT'")
