"""The temperature at which closeness becomes probability."""

from typing import Final

import numpy as np

from worker.topics.arrays import DoubleArray, IntArray

# In force if nothing can be told: about what the corpora gave that it was tried on (24 to 31).
USUAL: Final = 27.0
_LOWEST, _HIGHEST = 1.0, 200.0
_DECIMALS = 3


def fit_temperature(closeness: DoubleArray, topics: IntArray) -> float:
    """Find the temperature at which the documents' own topics are likeliest (Guo et al. 2017, arXiv 1706.04599).

    Args:
        closeness: (n, t) leave-one-out, to each topic.
        topics: (n,) int64, the column of each document's topic.
    """
    if closeness.shape[1] < 2 or len(topics) == 0:
        return USUAL
    from scipy.optimize import minimize_scalar

    less_own = closeness - closeness[np.arange(len(topics)), topics][:, None]

    def surprise(temperature: float) -> float:
        scaled = temperature * less_own
        highest = scaled.max(axis=1)
        return float(np.mean(highest + np.log(np.exp(scaled - highest[:, None]).sum(axis=1))))

    found = minimize_scalar(surprise, bounds=(_LOWEST, _HIGHEST), method="bounded")
    return round(float(found.x), _DECIMALS)
