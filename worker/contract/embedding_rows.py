"""One embedding: a JSON value in, a finite row or a unit vector out."""

import math
from typing import Final

import numpy as np
import numpy.typing as npt

ZERO_NORM: Final = 1e-8
_NUMBER_TYPES: Final = frozenset({int, float})

FloatRow = npt.NDArray[np.float64]


class NotFinite(ValueError):
    """An entry is not a finite number, or a number that no float64 can hold.

    Attributes:
        entry: the position of the first such entry.
    """

    def __init__(self, entry: int) -> None:
        self.entry = entry
        super().__init__(f"entry {entry} is not a finite number")


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
