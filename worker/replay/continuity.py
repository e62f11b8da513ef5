"""What became of the topics of an earlier run, in lines for people."""

from collections.abc import Mapping, Sequence
from typing import Any


def continuity_lines(document: Mapping[str, Any]) -> list[str]:
    """Word the continuity of a result document; no line for one that has none, or that no worker has made."""
    match document.get("continuity"):
        case {"previous": None}:
            return ["topics of an earlier run: could not be had, this is a first fit"]
        case {
            "kept": list(kept),
            "born": list(born),
            "faded": list(faded),
            "moved": int(moved),
            "shared": int(shared),
            "refit": {"advised": bool(advised), "why": str(why)},
        }:
            line = (
                f"topics of the earlier run: {len(kept)} kept, {_named('new', born)}, {_named('gone', faded)}; "
                f"{moved} of {shared} comments that were in a topic have moved"
            )
            return [line, f"a refit is advised (params.refit): {why}"] if advised else [line]
        case _:
            return []


def _named(what: str, numbers: Sequence[object]) -> str:
    return f"{len(numbers)} {what}" + (f" ({', '.join(map(str, numbers))})" if numbers else "")
