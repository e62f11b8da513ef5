"""How often so many of a drawn group are marked by chance alone: the hypergeometric survival function."""

import numpy as np
from scipy.special import gammaln

from worker.topics.arrays import DoubleArray, IntArray


def chance_of_so_many(found: int, *, drawn: int, marked: int, of: int) -> float:
    """Give the chance that `drawn` of `of`, of which `marked` are marked, hold at least `found` marked ones.

    It is the p-value of Fisher's exact test, one-sided (Fisher 1935): the sum of C(K, k) C(N - K, n - k) / C(N, n) over
    all k from `found` on. That of `scipy.stats`, whose import takes as long as numpy's and torch's together, gives the
    same to nine digits.
    """
    k = np.arange(max(found, drawn - (of - marked), 0), min(drawn, marked) + 1)
    ways = _log_ways(marked, k) + _log_ways(of - marked, drawn - k) - _log_ways(of, np.array(drawn))
    return min(1.0, float(np.exp(ways).sum()))


def _log_ways(of: int, taken: IntArray) -> DoubleArray:
    """Give the logarithm of the number of ways to take some of them."""
    log: DoubleArray = gammaln(of + 1) - gammaln(taken + 1) - gammaln(of - taken + 1)
    return log
