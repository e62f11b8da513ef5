"""Whether the documents of a batch are like those that a model saw: in their topics, and as a whole."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from scipy.special import chdtrc

from worker.models.assignment import Assignment
from worker.models.closeness import TOO_FAR
from worker.models.model import KeptModel
from worker.models.p_values import any_of, both
from worker.models.remoteness import remoteness
from worker.models.shift import shift
from worker.topics.arrays import DoubleArray, FloatArray, IntArray
from worker.topics.hypergeometric import chance_of_so_many

Level = Literal["LOW", "MEDIUM", "HIGH"]

# Under so many documents nothing can be told.
FEWEST: Final = 50
# Topics of which fewer documents are expected count together (Cochran 1954).
_FEWEST_EXPECTED: Final = 5
_UNUSUAL: Final = 0.025
_CERTAIN: Final = 0.001
_MUCH_VARIATION: Final = 0.15
_MANY_OUTLIERS: Final = 0.10
_FAR: Final = 0.2
# Documents that a model was not made of are outliers more often, though each of those it was made of is judged as if it
# had not known it. How much more often is not known beforehand: in 72 models of four corpora 1.2 times (median), up to
# 1.5 times in 85 of 100, 2.6 times at most, of the share before or of `TOO_FAR`, whichever is more.
_USUAL: Final = (1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 2.0)
_N_MOVED: Final = 3
# How much of the model's mean direction the mean of a batch has: about 1 in a batch like those before. Measured: .56 to
# .84 in batches of a label alone that the model never saw; -1.03 to .26 if other models made the embeddings (e5, a
# rotation, noise), .04 to .21 in comments of another corpus altogether.
_LEAST_IN_COMMON: Final = 0.3
_STANDARD_ERRORS: Final = 3.0


@dataclass(frozen=True)
class Drift:
    """How a batch differs from what the model saw.

    Attributes:
        level: LOW if chance explains the difference, HIGH if it is certain and large, else MEDIUM.
        enough: whether there are enough documents to tell; if not, the level is LOW.
        p_value: how often chance alone gives such a difference.
        excess_variation: total variation between the shares of the topics, less what chance alone gives; in [-1, 1].
        outlier_excess: share of outliers, less that of before; in [-1, 1].
        moved: numbers of up to three topics whose share of the documents changed most, the most first.
        shift: distance of the batch's mean from that of before, less what chance alone gives, by the distance of a
            topic from the mean of all; at least 0.
        is_foreign: whether the embeddings have nothing in common with those that the model was made of, as if another
            model had made them; then the level is HIGH.
    """

    level: Level
    enough: bool
    p_value: float
    excess_variation: float
    outlier_excess: float
    moved: tuple[int, ...]
    shift: float = 0.0
    is_foreign: bool = False


def drift(model: KeptModel, assignment: Assignment, embeddings: FloatArray | None = None) -> Drift:
    """Compare a batch that was assigned to a model with what the model itself was made of.

    Two questions look for more of what is known: whether the topics' counts are homogeneous (chi-squared, cells of
    expectation below 5 pooled), and whether the mean moved along the topics. Two look for something new: whether the
    share of outliers is as high as this (Fisher's exact test, one-sided), and whether the documents are far from their
    topics and the mean moved aside of them, taken together. The p-value is the harmonic mean of the four.

    Args:
        model: before the batch was added to it.
        assignment: of the batch to this model.
        embeddings: (n, d) float32, L2-normalized, of the batch; None if only the counts are to be looked at.
    """
    labels = assignment.labels
    numbers = np.array([topic.number for topic in model.topics], dtype=np.int64)
    before = np.array([model.baseline.get(number, 0) for number in numbers.tolist()], dtype=np.int64)
    now = np.array([np.sum(labels == number) for number in numbers], dtype=np.int64)
    outliers_before, outliers_now = model.baseline_outliers, int(np.sum(labels < 0))
    n_before, n = int(before.sum()) + outliers_before, len(labels)
    outlier_excess = outliers_now / max(n, 1) - outliers_before / max(n_before, 1)
    by_vectors, size = ([], 0.0) if embeddings is None else _by_vectors(model, assignment, embeddings)
    by_counts = [_homogeneity(before, now), _many(outliers_now, n, outliers_before, n_before)]
    p_value, excess = any_of(by_counts + by_vectors), _excess_variation(before, now)
    enough = n >= FEWEST
    foreign = enough and embeddings is not None and is_foreign(model, embeddings)
    level: Level = "MEDIUM"
    if foreign:
        level = "HIGH"
    elif p_value >= _UNUSUAL or not enough:
        level = "LOW"
    elif p_value < _CERTAIN and _is_large(excess, outlier_excess, size):
        level = "HIGH"
    change = np.round(np.abs(now / max(n, 1) - before / max(n_before, 1)), 9)
    most = np.lexsort((numbers, -change))[:_N_MOVED]
    moved = tuple(numbers[most[change[most] > 0]].tolist())
    return Drift(level, enough, p_value, excess, outlier_excess, moved, size, foreign)


def _by_vectors(model: KeptModel, assignment: Assignment, embeddings: FloatArray) -> tuple[list[float], float]:
    """Give the p-values of what the counts do not tell, and the size of the shift.

    How far documents are from their topics says nothing of where their mean is, if the batch is like those before:
    the rank correlation of the two p-values was -.11 to .10 in batches of 50, of 36 models.
    """
    moved, far = shift(model, embeddings), remoteness(model, assignment)
    if moved is None:
        return [far], 0.0
    return [moved.along, both(far, moved.aside)], moved.size


def _is_large(excess_variation: float, outlier_excess: float, size: float) -> bool:
    return excess_variation >= _MUCH_VARIATION or outlier_excess >= _MANY_OUTLIERS or size >= _FAR


def is_foreign(model: KeptModel, embeddings: FloatArray) -> bool:
    """Tell whether a batch surely has less than a third of the mean direction of the documents of the last fit.

    What one model makes of comments of one kind has a direction in common (anisotropy, Ethayarajh 2019); what another
    model makes of the same comments has not. Topics do not tell: of the embeddings of another model each has a nearest
    topic too, and up to all of them were near enough to be in one.

    Args:
        model: whose center is the mean of the embeddings in the topics of its last fit.
        embeddings: (n, d) float32, L2-normalized, n at least 2.
    """
    along = embeddings.astype(np.float64) @ model.center
    most = along.mean() + _STANDARD_ERRORS * along.std(ddof=1) / np.sqrt(len(along))
    return bool(most < _LEAST_IN_COMMON * (model.center @ model.center))


def _homogeneity(before: IntArray, now: IntArray) -> float:
    """Give the p-value of two rows of counts being of one distribution; 1 if nothing can be told."""
    counts = np.stack([before, now]).astype(np.float64)
    if not counts.sum(axis=1).all():
        return 1.0
    cells = _pooled(counts)
    expected = _expected(cells)
    if cells.shape[1] < 2:
        return 1.0
    return float(chdtrc(cells.shape[1] - 1, np.sum((cells - expected) ** 2 / expected)))


def _pooled(counts: DoubleArray) -> DoubleArray:
    """Add up the columns of which too few documents are expected; if the sum is too small, the next smallest joins."""
    counts = counts[:, counts.sum(axis=0) > 0]
    rising = np.argsort(counts.sum(axis=0), kind="stable")
    counts, least = counts[:, rising], _expected(counts[:, rising]).min(axis=0)
    n_small = int(np.sum(least < _FEWEST_EXPECTED))
    if n_small == 0:
        return counts
    while n_small < len(least) and least[:n_small].sum() < _FEWEST_EXPECTED:
        n_small += 1
    return np.column_stack([counts[:, :n_small].sum(axis=1), counts[:, n_small:]])


def _expected(counts: DoubleArray) -> DoubleArray:
    expected: DoubleArray = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0) / counts.sum()
    return expected


def _many(found: int, n: int, found_before: int, n_before: int) -> float:
    """Give the p-value of so many outliers: Fisher's exact test, the mean over how many more new documents usually are.

    Of batches as likely as this one half count (mid-p, Lancaster 1961): few outliers take few values, and p-values of
    "as many or more" are too large. Too far is by definition what few documents are; fewer outliers before were luck.
    """
    least = max(float(found_before), TOO_FAR * n_before)
    chances = []
    for times in _USUAL:
        marked, of = found + min(n_before, round(times * least)), n + n_before
        chances += [chance_of_so_many(many, drawn=n, marked=marked, of=of) for many in (found, found + 1)]
    return float(np.mean(chances))


def _excess_variation(before: IntArray, now: IntArray) -> float:
    n_before, n = int(before.sum()), int(now.sum())
    if not n_before or not n:
        return 0.0
    found = 0.5 * float(np.abs(before / n_before - now / n).sum())
    share = (before + now) / (n_before + n)
    # The mean of the absolute value of a normal variable is its deviation times the root of 2 / pi.
    by_chance = 0.5 * float(np.sqrt(2 / np.pi * share * (1 - share) * (1 / n_before + 1 / n)).sum())
    return found - by_chance
