"""Whether the documents of a batch are farther from their nearest topics than those that a model was made of."""

from typing import Final

import numpy as np
from scipy.special import gammaincc

from worker.models.assignment import Assignment, assignable
from worker.models.closeness import N_BINS, TOO_FAR
from worker.models.model import OUTLIER, KeptModel
from worker.topics.arrays import DoubleArray

# Documents that a model was not made of are farther away, though each of those it was made of is judged as if it had
# not known it. How much farther is not known beforehand: in models of 200 to 1,600 documents of four corpora the mean
# logarithm was .94 to 1.31 times that of even shares, in models of 100 documents .5 to 1.03 times.
_USUAL: Final = (1.0, 1.1, 1.2, 1.3)
# Of so many outliers, twice what is too far by definition, the above takes account: those models had .01 to .05.
_FEW: Final = 2 * TOO_FAR


def remoteness(model: KeptModel, assignment: Assignment) -> float:
    """Give the p-value of documents being as far from their nearest topics as these.

    Of each document the share of those before that were farther from the same topic is looked at. If the batch is like
    those before, the shares are spread evenly, and the sum of their negative logarithms is a gamma variable (Fisher
    1932). So few documents that are very far count for much. The p-value is the mean over how much farther documents
    are usually that the model was not made of.

    Args:
        model: before the batch was added to it.
        assignment: of the batch to this model.
    """
    share = _farther(model, assignment)
    if not len(share):
        return 1.0
    total = -np.log(share).sum()
    return float(np.mean([gammaincc(len(share), total / usual) for usual in _USUAL]))


def _farther(model: KeptModel, assignment: Assignment) -> DoubleArray:
    """Give the share of the documents before that were farther from the same topic: (m,), of those with a topic.

    A fit's outliers are in no histogram. All of them count as farther than a document that is in a topic. Whether they
    were farther than one that is in none nobody knows, so half of them do.
    """
    place = (assignment.closeness + 1) * (N_BINS / 2)
    bin_ = np.clip(np.floor(place), 0, N_BINS - 1).astype(np.int64)
    inside, unrecorded = np.clip(place - bin_, 0, 1), _unrecorded(model)
    counts_of_them = np.where(assignment.labels == OUTLIER, 0.5, 1.0)
    shares = []
    for topic in assignable(model.topics):
        of_topic = assignment.nearest == topic.number
        below = np.concatenate([[0], np.cumsum(topic.closeness)])
        lower, upper = below[bin_[of_topic]], below[bin_[of_topic] + 1]
        farther = lower + inside[of_topic] * (upper - lower)
        beyond = unrecorded * below[-1]
        # Half a document more on either side, as if the document itself were one of them: no share is 0.
        shares.append((farther + counts_of_them[of_topic] * beyond + 0.5) / (below[-1] + beyond + 1))
    return np.concatenate(shares) if shares else np.empty(0)


def _unrecorded(model: KeptModel) -> float:
    """Give how many outliers are in no histogram, for each document that is in one; 0 if they are few."""
    n = sum(model.baseline.values()) + model.baseline_outliers
    share = max(0.0, model.baseline_outliers / n - _FEW) if n else 0.0
    return share / (1 - share)
