"""Sums of the vectors of the documents that hold a term."""

import numpy as np
import torch
from scipy import sparse
from torch.nn import functional

from worker.topics.fit import FloatArray
from worker.topics.graph.threads import one_thread


def summed(held: sparse.spmatrix, vectors: FloatArray) -> FloatArray:
    """Add up, for each term, the vectors of its documents in their order.

    SciPy's product gives the same bytes in three times the time.

    Args:
        held: (n, t), whether a document holds a term; whatever is not zero counts once.
        vectors: (n, d) float32.

    Returns:
        (t, d) float32.
    """
    holders = held.T.tocsr()
    holders.eliminate_zeros()
    rows, starts = (torch.from_numpy(part.astype(np.int64)) for part in (holders.indices, holders.indptr))
    with one_thread():
        sums = functional.embedding_bag(rows, torch.from_numpy(vectors), starts, mode="sum", include_last_offset=True)
    found: FloatArray = sums.numpy()
    return found
