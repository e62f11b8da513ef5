"""Principal axes of a batch, from a sample if the batch is large."""

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from worker.topics.fit import DoubleArray, FloatArray
from worker.topics.graph.threads import one_blas_thread, over_blocks

# Rows that the axes are taken from.
_SAMPLE_ROWS = 4096
_BLOCK_ROWS = 1024

_Precision = TypeVar("_Precision", np.float32, np.float64)


def principal_axes(embeddings: FloatArray, n_axes: int) -> tuple[DoubleArray, DoubleArray]:
    """Find the directions in which the rows vary most, in double precision.

    Args:
        embeddings: (n, d) float32. Not modified.
        n_axes: at most d are returned.

    Returns:
        The mean, (d,), and the axes, (d, n_axes), each with a positive largest entry.
    """
    sample = sample_rows(embeddings).astype(np.float64)
    mean: DoubleArray = sample.mean(axis=0)
    sample -= mean
    sums = second_moments(sample)
    with one_blas_thread():
        _, vectors = np.linalg.eigh(sums)
    axes = vectors[:, ::-1][:, :n_axes]
    largest = np.abs(axes).argmax(axis=0)
    return mean, axes * np.sign(axes[largest, np.arange(axes.shape[1])])


def sample_rows(embeddings: FloatArray) -> FloatArray:
    """Take evenly spread rows, at most 4,096."""
    return np.ascontiguousarray(embeddings[:: -(-len(embeddings) // _SAMPLE_ROWS)])


def second_moments(rows: npt.NDArray[_Precision]) -> npt.NDArray[_Precision]:
    """Add up the outer products of rows, (n, d), with themselves: (d, d), the same bits for any number of threads."""
    first, *others = over_blocks(lambda block: rows[block].T @ rows[block], len(rows), _BLOCK_ROWS)
    for other in others:
        first += other
    return first
