"""Whether the documents of a batch, taken together, lie where those of a model lie: a test of two means."""

import hashlib
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import chdtrc

from worker.models.model import FEWEST_IN_PART, HalfSum, KeptModel
from worker.topics.arrays import DoubleArray, FloatArray

# Documents of the batch whose spread is taken for that of all; with more, no figure changes in its second digit.
_MOST_SPREAD: Final = 500
# Squared distance of two means that rounding gives.
_ALIKE: Final = 1e-9


@dataclass(frozen=True)
class Shift:
    """How far the mean of a batch is from that of the model.

    Attributes:
        p_value: how often chance alone moves the mean as far.
        size: the distance, less what chance gives, by the distance of a topic from the mean of all: about the share of
            the batch that speaks of something as far away as a topic is. At least 0.
    """

    p_value: float
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


def shift(model: KeptModel, embeddings: FloatArray) -> Shift:
    """Compare the mean of a batch with that of the documents by which drift is told.

    The squared distance of two means is a sum of squares, one for each direction in which the documents spread; its
    distribution is taken from its first three moments (Hall 1983; Buckley and Eagleson 1988), and the spread from the
    batch, so that none is kept.

    Args:
        model: before the batch was added to it.
        embeddings: (n, d) float32, L2-normalized.
    """
    half = model.half
    if not half.n or len(embeddings) < FEWEST_IN_PART:
        return Shift(1.0, 0.0)
    first, second, third = _moments(_some(embeddings)) * (1 / len(embeddings) + 1 / half.n) ** np.array([1, 2, 3])
    mean = half.sum / half.n
    found = float(np.sum((embeddings.mean(axis=0, dtype=np.float64) - mean) ** 2))
    apart = _apart(model, mean)
    size = float(np.sqrt(max(0.0, found - first))) / apart if apart > 0 else 0.0
    if first <= 0 or second <= 0:
        # One comment over and over has no spread by which chance could move its mean.
        return Shift(0.0, size) if found > _ALIKE else Shift(1.0, 0.0)
    return Shift(_tail(found, first, second, third), size)


def _apart(model: KeptModel, mean: DoubleArray) -> float:
    """Give the distance of a topic from the mean of all, the root of the mean square over the documents; 0 for none."""
    topics = [topic for topic in model.topics if topic.can_be_assigned]
    weights = np.array([model.baseline.get(topic.number, 0) for topic in topics], dtype=np.float64)
    if not weights.sum():
        return 0.0
    squares = np.array([np.sum((topic.mean - mean) ** 2) for topic in topics])
    return float(np.sqrt(weights @ squares / weights.sum()))


def _some(embeddings: FloatArray) -> DoubleArray:
    """Take documents of which the spread is measured, the same ones in whatever order they come."""
    rising = np.lexsort((embeddings[:, 1 % embeddings.shape[1]], embeddings[:, 0]))
    return embeddings[rising[:: -(-len(rising) // _MOST_SPREAD)]].astype(np.float64)


def _moments(documents: DoubleArray) -> DoubleArray:
    """Give the traces of the covariance, of its square and of its cube, less what few documents add to them: (3,)."""
    n = len(documents)
    apart = documents - documents.mean(axis=0)
    products = apart @ apart.T / (n - 1)
    first = float(np.trace(products))
    second = float(np.sum(products**2)) - first**2 / n
    third = float(np.sum((products @ products) * products)) - 3 * first * second / n - first**3 / n**2
    # At least what Cauchy and Schwarz say, which the corrections do not know.
    return np.array([first, second, max(third, second**2 / first if first > 0 else 0.0)])


def _tail(found: float, first: float, second: float, third: float) -> float:
    """Give the chance of a sum of squares as large, by a chi-squared variable with its mean, variance and skewness."""
    degrees = second**3 / third**2
    return float(chdtrc(degrees, max(0.0, degrees + (found - first) * np.sqrt(degrees / second))))
