"""The result document on stdout."""

import json
from typing import BinaryIO

from worker.contract.result import Document
from worker.replay.terminal import silence


def write_document(document: Document, stdout: BinaryIO) -> bool:
    """Write a result document as JSON; tell whether that could be done.

    Indented on a terminal, else on one line.
    """
    # As bytes, since the encoding of stdout follows the locale: with LANG=C it could not write ñ.
    indent = 2 if stdout.isatty() else None
    separators = None if indent else (",", ":")
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=indent, separators=separators)
    try:
        stdout.write(text.encode("utf-8") + b"\n")
        stdout.flush()
    except OSError:  # the reader is gone, or the disk is full
        silence(stdout)
        return False
    return True
