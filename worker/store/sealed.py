"""JSON files that tell by themselves whether they are whole: the SHA-256 of the rest stands in them."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

_CHECKSUM: Final = "sha256"
_END: Final = b"}\n"


class Damaged(Exception):
    """The bytes are not what was sealed.

    Attributes:
        is_cut: the end is missing, as if whoever wrote it was stopped.
    """

    def __init__(self, *, is_cut: bool) -> None:
        self.is_cut = is_cut
        super().__init__("cut off" if is_cut else "changed")


def seal(content: Mapping[str, Any]) -> bytes:
    """Write JSON with its checksum; equal content gives equal bytes."""
    whole = {**content, _CHECKSUM: _checksum(content)}
    return json.dumps(whole, sort_keys=True, indent=1, allow_nan=False).encode("ascii") + b"\n"


def unseal(data: bytes) -> dict[str, Any]:
    """Read what `seal` wrote.

    Raises:
        Damaged: it is not the same any more.
    """
    if not data.endswith(_END):
        raise Damaged(is_cut=True)
    try:
        content = json.loads(data)
        checksum = content.pop(_CHECKSUM)
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError):
        raise Damaged(is_cut=False) from None
    if checksum != _checksum(content):
        raise Damaged(is_cut=False)
    return dict(content)


def _checksum(content: Mapping[str, Any]) -> str:
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()
