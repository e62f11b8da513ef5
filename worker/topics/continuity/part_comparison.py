"""A topic is wide, and a document or a small group is compared with what is nearest in it: with one of its parts."""

import numpy as np

from worker.topics.arrays import DoubleArray

# A topic is looked at in parts of about 15 documents, at most 20 of them.
DOCUMENTS_A_PART = 15
MOST_PARTS = 20
# What is closer than this is a tie: the last bits of a product must decide nothing.
DECIMALS = 6


def unit(rows: DoubleArray) -> DoubleArray:
    """Scale rows to length 1; zero rows stay zero."""
    scaled: DoubleArray = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return scaled
