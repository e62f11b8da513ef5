"""The contract's rules for one item of the envelope; its embedding comes as numbers or packed."""

from typing import Annotated, Any, Final

import numpy as np
from pydantic import BaseModel, Field, PlainValidator, Strict, WithJsonSchema
from pydantic_core import PydanticCustomError

from worker.contract.embedding_rows import FloatRow, NotFinite, NotPacked, finite_row, packed_row

EMBEDDING_DIM: Final = 768
# Four characters of base64 hold three bytes, and a float32 has four: 768 of them need no padding.
PACKED_CHARS: Final = EMBEDDING_DIM * 4 // 3 * 4
# Of an embedding that is longer than this, only the length is told.
MOST_NUMBERS_READ: Final = 4096


def is_full(embedding: object) -> bool:
    """Tell whether an embedding has the right length, whatever it holds."""
    if isinstance(embedding, str):
        return len(embedding) == PACKED_CHARS
    return isinstance(embedding, list) and len(embedding) == EMBEDDING_DIM


def is_packed(text: str) -> bool:
    """Tell whether a string is a packed embedding of the right length."""
    try:
        return len(text) == PACKED_CHARS and len(packed_row(text)) == EMBEDDING_DIM
    except (NotPacked, NotFinite):
        return False


def _row(value: object) -> FloatRow:
    if isinstance(value, list):
        n_numbers = len(value)
    elif isinstance(value, str):
        n_numbers = len(value) * 3 // 16
    else:
        raise PydanticCustomError("embedding", "must be an array of numbers, or base64")
    if n_numbers > MOST_NUMBERS_READ:
        # Its length is wrong whatever its numbers are, so only the length is kept: this row takes no memory.
        return np.broadcast_to(np.float64(0), (n_numbers,))
    try:
        return packed_row(value) if isinstance(value, str) else finite_row(value)
    except NotPacked:
        message = "must be the base64 of little-endian float32 numbers, padded"
        raise PydanticCustomError("embedding", message) from None
    except NotFinite as error:
        message = "must be a finite number"
        raise PydanticCustomError("number", message, {"entry": error.entry}) from None


def _row_or_none(value: object) -> FloatRow | None:
    return None if value is None else _row(value)


# Keep the schema next to its rule: test_schema.py checks that they agree.
_EMBEDDING_SCHEMA: Final = {
    "description": f"{EMBEDDING_DIM} finite numbers of any norm, as an array or, in a quarter of the bytes, as base64 "
    "(RFC 4648, padded) of little-endian float32 values; the zero vector counts as an outlier. Left out or null only "
    "if params.embed_missing is true.",
    "anyOf": [
        {"type": "array", "minItems": EMBEDDING_DIM, "maxItems": EMBEDDING_DIM, "items": {"type": "number"}},
        {"type": "string", "minLength": PACKED_CHARS, "maxLength": PACKED_CHARS, "pattern": "^[A-Za-z0-9+/]*$"},
        {"type": "null"},
    ],
}
_NonEmpty = Annotated[str, Strict(), Field(min_length=1)]


class Item(BaseModel):
    """One comment: its id, its text, already cleaned, its LaBSE embedding if it has one."""

    submission_id: _NonEmpty = Field(alias="submissionId")
    text: _NonEmpty
    # (d,) float64, finite. The caller checks the length, because a wrong one has its own message.
    embedding: Annotated[Any, PlainValidator(_row_or_none), WithJsonSchema(_EMBEDDING_SCHEMA)] = None


class EmbeddedItem(Item):
    """A comment that must have its embedding."""

    embedding: Annotated[Any, PlainValidator(_row)]
