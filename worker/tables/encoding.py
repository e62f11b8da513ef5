"""Bytes of a text file into text, and a line that says so if the encoding had to be guessed."""

import codecs
from typing import Final

from worker.tables.table import UnreadableTable

_MARKS: Final = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_GUESS: Final = "cp1252"
# What is left of a mark if the encoding was named, as utf-8.
_MARK: Final = "\ufeff"


def decode(raw: bytes, name: str, encoding: str | None) -> tuple[str, tuple[str, ...]]:
    """Decode a file: as its mark says, as UTF-8, or else as cp1252, which is a guess.

    Args:
        raw: the file.
        name: of the file, for messages.
        encoding: that a person named; None for none.

    Returns:
        The text, and a note if the encoding was guessed.

    Raises:
        UnreadableTable: the bytes are not of this encoding, or there is no such encoding.
    """
    if encoding is not None:
        return _decoded(raw, name, encoding), ()
    for mark, own in _MARKS.items():
        if raw.startswith(mark):
            return _decoded(raw, name, own), ()
    try:
        return raw.decode("utf-8"), ()
    except UnicodeDecodeError:
        pass
    try:
        text = raw.decode(_GUESS)
    except UnicodeDecodeError:
        raise UnreadableTable(
            f"{name} is text neither in UTF-8 nor in {_GUESS}: name its encoding, as --encoding iso-8859-15"
        ) from None
    note = f"{name} is not UTF-8 and is read as {_GUESS}, which is a guess; if letters are wrong, name its encoding: "
    return text, (f"{note}--encoding NAME",)


def _decoded(raw: bytes, name: str, encoding: str) -> str:
    try:
        return raw.decode(encoding).removeprefix(_MARK)
    except LookupError:
        raise UnreadableTable(f"there is no encoding {encoding}; there are utf-8, cp1252, utf-16 and others") from None
    except ValueError as error:
        at = raw[: error.start].count(b"\n") + 1 if isinstance(error, UnicodeDecodeError) else 1
        raise UnreadableTable(f"{name}, line {at}: it is not {encoding}; name its encoding by --encoding") from None
