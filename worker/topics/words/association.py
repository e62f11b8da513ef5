"""How much more often two words stand together than chance would have it."""

import numpy as np

from worker.topics.fit import DoubleArray

_EPSILON = 1e-12


def npmi(together: DoubleArray) -> DoubleArray:
    """Give the normalized pointwise mutual information of each pair (Bouma 2009).

    Args:
        together: (t, t), the share of documents, or of windows, that hold both; the diagonal, the one.

    Returns:
        (t, t) in [-1, 1]: 1 always together, 0 by chance, near -1 never. 0 for what stands nowhere or both
        everywhere: nothing can be told of it.
    """
    own = np.diag(together)
    possible = (np.outer(own, own) > 0) & (together < 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log((together + _EPSILON) / np.outer(own, own))
        found: DoubleArray = np.where(possible, ratio / -np.log(together + _EPSILON), 0.0)
    return found
