"""The comments of a fit as a whole: their mean and spread, against which a batch is tested."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from worker.topics.arrays import DoubleArray, FloatArray

# Of fewer documents neither the spread nor the mean tells anything.
FEWEST: Final = 50
# The spread is that of so many documents at most; with more it hardly changes.
_MOST_FOR_SPREAD: Final = 1_000
# The mean is rounded to steps of so many of its standard errors.
_STEP: Final = 2
# How much larger its variance is then: what is rounded to steps of one has an error of variance 1/12.
ROUNDED: Final = 1 + _STEP**2 / 12


@dataclass(frozen=True, eq=False)
class Whole:
    """The mean and the spread of documents.

    Attributes:
        mean: (d,) float64, rounded to steps of two of its standard errors. One document more or less moves the exact
            mean by a small part of a step: two models whose documents differ by one tell less of it than a part of ten
            documents tells of each.
        n: how many documents it is of, at least `FEWEST`.
        variance: trace of the documents' covariance.
        squares: trace of the square of that covariance.
    """

    mean: DoubleArray
    n: int
    variance: float
    squares: float


def whole_of(embeddings: FloatArray) -> Whole | None:
    """Describe documents as a whole; None if they are too few, or all alike.

    The square of the covariance is estimated without bias (Bai and Saranadasa 1996, p. 319).

    Args:
        embeddings: (n, d) float32, L2-normalized, in canonical order.
    """
    n, d = embeddings.shape
    if n < FEWEST:
        return None
    rows = np.unique(np.linspace(0, n - 1, min(n, _MOST_FOR_SPREAD)).round().astype(np.int64))
    some = embeddings[rows].astype(np.float64)
    some -= some.mean(axis=0)
    freedom = len(rows) - 1
    covariance = some.T @ some / freedom
    variance = float(np.trace(covariance))
    squares = float((covariance**2).sum()) - variance**2 / freedom
    squares *= freedom**2 / ((freedom - 1) * (freedom + 2))
    if variance <= 0 or squares <= 0:
        return None
    step = _STEP * np.sqrt(variance / d / n)
    mean = np.round(embeddings.mean(axis=0, dtype=np.float64) / step) * step
    return Whole(mean, n, _rounded(variance), _rounded(squares))


def _rounded(value: float) -> float:
    """Round to three digits: more of them say nothing about a batch, but something about single documents."""
    return float(f"{value:.3g}")
