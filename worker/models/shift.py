"""Whether the documents of a batch, taken together, lie where those of a model lie: a test of two means."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import chdtrc

from worker.models.model import FEWEST_IN_PART, HalfSum, KeptModel, KeptTopic
from worker.topics.arrays import DoubleArray, FloatArray

# Documents of the batch whose spread is taken for that of all; with more, no figure changes in its second digit.
_MOST_SPREAD: Final = 500
# Squared distance of two means that rounding gives.
_ALIKE: Final = 1e-9
# Variance of a mean that rounding gives.
_NO_SPREAD: Final = 1e-15
# Deviation of topics' means in a direction that rounding gives.
_FLAT: Final = 1e-6


@dataclass(frozen=True)
class Shift:
    """How far the mean of a batch is from that of the model.

    Attributes:
        along: how often chance alone moves the mean as far along the topics: towards some, away from others.
        aside: how often chance alone moves it as far if what is along the topics counts less.
        size: the distance, less what chance gives, by the distance of a topic from the mean of all: about the share of
            the batch that speaks of something as far away as a topic is. At least 0.
    """

    along: float
    aside: float
    size: float


def half_of(embeddings: FloatArray) -> HalfSum:
    """Add up half of the documents, chosen at random; none if that is fewer than ten.

    The mean of all would give one away to whoever has the models of two windows that differ by it. Of halves nobody
    knows who is in them, and one document more makes another half: what they are drawn by is a digest of all.

    Args:
        embeddings: (n, d) float32, L2-normalized, in canonical order.
    """
    n = len(embeddings) // 2
    if n < FEWEST_IN_PART:
        return HalfSum(np.zeros(embeddings.shape[1]), 0)
    digest = hashlib.sha256(np.ascontiguousarray(embeddings).data).digest()
    chosen = np.sort(np.random.default_rng(list(digest)).permutation(len(embeddings))[:n])
    return HalfSum(embeddings[chosen].sum(axis=0, dtype=np.float64), n)


def shift(model: KeptModel, embeddings: FloatArray) -> Shift | None:
    """Compare the mean of a batch with that of the documents by which drift is told; None if there are too few.

    It is compared twice. What moves if there is more of one topic lies along the topics, in few directions, in which
    documents spread much. What moves if there is something new lies in any, so there the spread between the topics is
    divided out, as in Hotelling's test with a ridge (Chen, Paul, Prentice and Wang 2011).

    Args:
        model: before the batch was added to it.
        embeddings: (n, d) float32, L2-normalized.
    """
    half = model.half
    if not half.n or len(embeddings) < FEWEST_IN_PART:
        return None
    topics = [topic for topic in model.topics if topic.can_be_assigned]
    mean = half.sum / half.n
    moved = embeddings.mean(axis=0, dtype=np.float64) - mean
    some = _some(embeddings)
    some -= some.mean(axis=0)
    spread, directions = _between(topics, len(mean))
    by_chance = 1 / len(embeddings) + 1 / half.n
    apart, found = _apart(model, topics, mean), float(moved @ moved)
    expected = by_chance * float(np.sum(some**2)) / (len(some) - 1)
    return Shift(
        _p_value(moved @ directions.T, some @ directions.T, by_chance),
        _p_value(_shrunk(moved, spread, directions), _shrunk(some, spread, directions), by_chance),
        float(np.sqrt(max(0.0, found - expected))) / apart if apart > 0 else 0.0,
    )


def _p_value(moved: DoubleArray, some: DoubleArray, by_chance: float) -> float:
    """Give the p-value of the distance of two means.

    Its square is a sum of squares, one for each direction in which the documents spread; the distribution is taken from
    its first three moments (Hall 1983; Buckley and Eagleson 1988), and the spread from the batch, so that none is kept.

    Args:
        moved: (k,), the difference of the means.
        some: (m, k), documents of the batch, less their mean.
        by_chance: the variance of the difference by that of a document.
    """
    found = float(moved @ moved)
    first, second, third = _moments(some) * by_chance ** np.array([1, 2, 3])
    if first <= _NO_SPREAD or second <= 0:
        # One comment over and over has no spread by which chance could move its mean.
        return 0.0 if found > _ALIKE else 1.0
    return _tail(found, first, second, third)


def _between(topics: Sequence[KeptTopic], dimension: int) -> tuple[DoubleArray, DoubleArray]:
    """Give the variance of the topics' means in each direction in which they differ, (k,), and these, (k, d)."""
    if len(topics) < 2:
        return np.empty(0), np.empty((0, dimension))
    weights = np.array([topic.part_counts.sum() for topic in topics], dtype=np.float64)
    weights /= weights.sum()
    means = np.stack([topic.mean for topic in topics])
    _, deviation, directions = np.linalg.svd((means - weights @ means) * np.sqrt(weights)[:, None], full_matrices=False)
    differ = deviation > _FLAT
    return deviation[differ] ** 2, directions[differ]


def _shrunk(rows: DoubleArray, spread: DoubleArray, directions: DoubleArray) -> DoubleArray:
    """Divide the spread between the topics out of rows, (d,) or (m, d), with the mean spread as the ridge."""
    if not len(spread):
        return rows
    ridge = spread.mean()
    shrunk: DoubleArray = rows + ((rows @ directions.T) * (np.sqrt(ridge / (spread + ridge)) - 1)) @ directions
    return shrunk


def _apart(model: KeptModel, topics: Sequence[KeptTopic], mean: DoubleArray) -> float:
    """Give the distance of a topic from the mean of all, the root of the mean square over the documents; 0 for none."""
    weights = np.array([model.baseline.get(topic.number, 0) for topic in topics], dtype=np.float64)
    if not weights.sum():
        return 0.0
    squares = np.array([np.sum((topic.mean - mean) ** 2) for topic in topics])
    return float(np.sqrt(weights @ squares / weights.sum()))


def _some(embeddings: FloatArray) -> DoubleArray:
    """Take documents of which the spread is measured, the same ones in whatever order they come."""
    rising = np.lexsort((embeddings[:, 1 % embeddings.shape[1]], embeddings[:, 0]))
    return embeddings[rising[:: -(-len(rising) // _MOST_SPREAD)]].astype(np.float64)


def _moments(apart: DoubleArray) -> DoubleArray:
    """Give the traces of the covariance, of its square and of its cube, less what few documents add to them: (3,).

    Args:
        apart: (n, k), documents less their mean.
    """
    n, k = apart.shape
    # Both products have the same traces.
    products = (apart.T @ apart if k < n else apart @ apart.T) / (n - 1)
    first = float(np.trace(products))
    second = float(np.sum(products**2)) - first**2 / n
    third = float(np.sum((products @ products) * products)) - 3 * first * second / n - first**3 / n**2
    # At least what Cauchy and Schwarz say, which the corrections do not know.
    return np.array([first, second, max(third, second**2 / first if first > 0 else 0.0)])


def _tail(found: float, first: float, second: float, third: float) -> float:
    """Give the chance of a sum of squares as large, by a chi-squared variable with its mean, variance and skewness."""
    degrees = second**3 / third**2
    return float(chdtrc(degrees, max(0.0, degrees + (found - first) * np.sqrt(degrees / second))))
