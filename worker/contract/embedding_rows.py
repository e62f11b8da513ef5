"""One embedding: a JSON value in, a finite row or a unit vector out."""

import binascii
import math
from typing import Final

import numpy as np
import numpy.typing as npt

ZERO_NORM: Final = 1e-8
_NUMBER_TYPES: Final = frozenset({int, float})
_FLOAT32: Final = np.dtype("<f4")

FloatRow = npt.NDArray[np.float64]


class NotFinite(ValueError):
    """An entry is not a finite number, or a number that no float64 can hold.

    Attributes:
        entry: the position of the first such entry.
    """

    def __init__(self, entry: int) -> None:
        self.entry = entry
        super().__init__(f"entry {entry} is not a finite number")


class NotPacked(ValueError):
    """A string is not base64, or its bytes are no whole number of float32 values."""


def packed_row(text: str) -> FloatRow:
    """Convert the base64 (RFC 4648, padded) of d little-endian float32 values to (d,) float64, each the same value.

    Raises:
        NotPacked: as its name says.
        NotFinite: a value is NaN or infinite.
    """
    try:
        packed = binascii.a2b_base64(text, strict_mode=True)
        row = np.frombuffer(packed, dtype=_FLOAT32).astype(np.float64)
    except ValueError:  # binascii.Error is one; so is what numpy raises if bytes are left over
        raise NotPacked("not the base64 of float32 values") from None
    finite = np.isfinite(row)
    if not finite.all():
        raise NotFinite(int(finite.argmin()))
    return row


def finite_row(numbers: list[object]) -> FloatRow:
    """Convert a list to (d,) float64.

    Raises:
        NotFinite: an entry is NaN, infinite, too large for float64, a bool, or not a number.
    """
    # The types come first: numpy would turn true into 1.0 and "0.1" into 0.1.
    if _NUMBER_TYPES.issuperset(map(type, numbers)):
        try:
            row = np.array(numbers, dtype=np.float64)
        except OverflowError:
            pass  # an int beyond the largest float64: the search below finds it
        else:
            if np.isfinite(row).all():
                return row
    raise NotFinite(next(i for i, number in enumerate(numbers) if not _is_finite(number)))


def unit_vector(row: FloatRow) -> FloatRow | None:
    """Divide a row by its norm; `None` for the zero vector (norm < 1e-8).

    Scaled by the largest entry first, so that squares neither overflow nor vanish.

    Args:
        row: (d,) float64, finite, d >= 1. Not modified.
    """
    largest = float(np.abs(row).max())
    if largest == 0.0:
        return None
    scaled = row / largest
    scaled_norm = math.sqrt(float(scaled @ scaled))
    if largest * scaled_norm < ZERO_NORM:
        return None
    unit: FloatRow = scaled / scaled_norm
    return unit


def _is_finite(number: object) -> bool:
    if type(number) is int:
        try:
            return math.isfinite(number)
        except OverflowError:
            return False
    return type(number) is float and math.isfinite(number)
