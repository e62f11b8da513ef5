"""Principal axes of a batch, from a sample if the batch is large."""

import numpy as np
from threadpoolctl import threadpool_limits

from worker.topics.fit import DoubleArray, FloatArray

# Rows that the axes are taken from.
_SAMPLE_ROWS = 4096


def principal_axes(embeddings: FloatArray, n_axes: int, *, centred: bool) -> tuple[DoubleArray, DoubleArray]:
    """Find the directions in which the rows vary most, in double precision.

    Args:
        embeddings: (n, d) float32. Not modified.
        n_axes: at most d are returned.
        centred: whether the mean is taken away first.

    Returns:
        The mean that was taken away, (d,), and the axes, (d, n_axes), each with a positive largest entry.
    """
    sample = embeddings[:: -(-len(embeddings) // _SAMPLE_ROWS)].astype(np.float64)
    mean = sample.mean(axis=0) if centred else np.zeros(sample.shape[1])
    sample -= mean
    # One thread gives the same bits on every machine, and waits for no other thread if the cores are shared.
    with threadpool_limits(limits=1, user_api="blas"):
        _, vectors = np.linalg.eigh(sample.T @ sample)
    axes = vectors[:, ::-1][:, :n_axes]
    largest = np.abs(axes).argmax(axis=0)
    return mean, axes * np.sign(axes[largest, np.arange(axes.shape[1])])
