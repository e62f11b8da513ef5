"""The order in which a topic's comments are read."""

import numpy as np

from worker.topics.arrays import IntArray
from worker.topics.diagnostics import Diagnostics


def typical_first(diagnostics: Diagnostics) -> IntArray:
    """Order the documents so that each topic's typical ones come first and its borderline ones last: (n,) int64.

    Those that are nearer to their own topic than to any other come by falling closeness to its center; then come the
    others, those that are clearly nearer to another topic last.
    """
    stray = diagnostics.silhouettes < 0
    distance = np.where(stray, -diagnostics.silhouettes, -diagnostics.closeness)
    order: IntArray = np.lexsort((distance, stray))
    return order
