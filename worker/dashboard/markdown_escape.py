"""Markdown as Streamlit reads it, escaped: a label, a file's name or an error is no markup, and loads no picture."""

import re
from typing import Final

_MARKUP: Final = re.compile(r"([\\`*_{}\[\]()#+\-!|$:<>~&])")


def plain(text: object) -> str:
    """Escape what Streamlit's Markdown would read as markup."""
    return _MARKUP.sub(r"\\\1", str(text))
