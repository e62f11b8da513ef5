"""Take out of embeddings what only tells how comments are worded."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from worker.topics.fit import BoolArray, DoubleArray, FloatArray

# Comments that each side of a contrast needs.
FEWEST = 20
# The squared difference of the two means must be this many times what chance gives two groups of these sizes: then nine
# tenths of it are no chance, and the direction is not that of a few comments.
LEAST_CLEAR = 10.0
# Projections are rounded to this, so that equal rows stay equal and the last bits of a device do not count.
_DECIMALS = 10
# Rows that are held in double precision at a time.
_BLOCK_ROWS = 2048
# A difference of two means that is shorter is the rounding of equal ones.
_LEAST_LENGTH = 1e-6
# A row of which less than this is left, of a length of 1, has no other direction: it stays as it is.
_LEAST_LEFT = 0.05


@dataclass(frozen=True, eq=False)
class Contrast:
    """Two groups of comments that differ in wording: two masks, each (n,) bool."""

    one: BoolArray
    other: BoolArray


@dataclass(frozen=True, eq=False)
class Neutralized:
    """Embeddings without the directions of contrasts.

    Attributes:
        embeddings: (n, d) float32, L2-normalized.
        removed: for each contrast that the batch has, the share of the variance that lay in its direction.
    """

    embeddings: FloatArray
    removed: Mapping[str, float]


def neutralize(embeddings: FloatArray, contrasts: Mapping[str, Contrast]) -> Neutralized:
    """Project embeddings on what is orthogonal to the difference of each contrast's means, and normalize them again.

    As in hard debiasing (Bolukbasi et al. 2016, arXiv 1607.06520), with directions from the batch itself. A contrast
    with too few comments on a side, or with means that differ little more than by chance, is left out.

    Args:
        embeddings: (n, d) float32, L2-normalized. Not modified.
        contrasts: by name.
    """
    # Of unit vectors.
    variance = 1.0 - float(np.sum(embeddings.mean(axis=0, dtype=np.float64) ** 2))
    clear: dict[str, DoubleArray] = {}
    for name, each in contrasts.items():
        axis = _axis(embeddings, each, variance, list(clear.values()))
        if axis is not None:
            clear[name] = axis
    if not clear:
        return Neutralized(embeddings, {})
    axes = np.stack(list(clear.values()), axis=1)
    neutral, projected = np.empty_like(embeddings), np.empty((len(embeddings), len(clear)))
    for start in range(0, len(embeddings), _BLOCK_ROWS):
        block = slice(start, start + _BLOCK_ROWS)
        neutral[block], projected[block] = _without(embeddings[block].astype(np.float64), axes)
    shares = projected.var(axis=0) / variance
    return Neutralized(neutral, dict(zip(clear, shares.tolist(), strict=True)))


def _axis(
    embeddings: FloatArray, contrast: Contrast, variance: float, removed: list[DoubleArray]
) -> DoubleArray | None:
    """Give the direction of the difference of the two groups' means, (d,) unit; None if it is not clear.

    What lies along the axes that are removed already is not looked at: who says "she" may well be who says "ma'am",
    and what is left of such a difference is chance.
    """
    sizes = int(contrast.one.sum()), int(contrast.other.sum())
    if min(sizes) < FEWEST:
        return None
    one, other = (embeddings[each].mean(axis=0, dtype=np.float64) for each in (contrast.one, contrast.other))
    difference: DoubleArray = one - other
    for axis in removed:
        difference -= np.sum(difference * axis) * axis
    length = float(np.sqrt(np.sum(difference**2)))
    by_chance = variance * (1 / sizes[0] + 1 / sizes[1])
    if length < _LEAST_LENGTH or length**2 < LEAST_CLEAR * by_chance:
        return None
    direction: DoubleArray = difference / length
    return direction


def _without(rows: DoubleArray, axes: DoubleArray) -> tuple[DoubleArray, DoubleArray]:
    """Give unit rows without their parts along orthonormal axes, (d, k), and these parts, (n, k)."""
    projected = np.round(rows @ axes, _DECIMALS)
    left = rows.copy()
    for part, axis in zip(projected.T, axes.T, strict=True):
        left -= part[:, None] * axis
    norms = np.linalg.norm(left, axis=1, keepdims=True)
    return np.where(norms >= _LEAST_LEFT, left / np.maximum(norms, _LEAST_LEFT), rows), projected
