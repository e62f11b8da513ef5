"""What became of the topics of an earlier run, in lines for people."""

from collections.abc import Mapping
from typing import Any


def continuity_lines(document: Mapping[str, Any]) -> list[str]:
    """Word the continuity of a result document; no line for a result that has none."""
    continuity = document.get("continuity")
    if not isinstance(continuity, dict):
        return []
    if continuity["previous"] is None:
        return ["topics of an earlier run: could not be had, this is a first fit"]
    lines = [
        f"topics of the earlier run: {len(continuity['kept'])} kept, {_named('new', continuity['born'])}, "
        f"{_named('gone', continuity['faded'])}; "
        f"{continuity['moved']} of {continuity['shared']} comments that were in a topic have moved"
    ]
    if continuity["refit"]["advised"]:
        lines.append(f"a refit is advised (params.refit): {continuity['refit']['why']}")
    return lines


def _named(what: str, numbers: list[int]) -> str:
    return f"{len(numbers)} {what}" + (f" ({', '.join(map(str, numbers))})" if numbers else "")
