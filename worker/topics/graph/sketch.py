"""A sketch of vectors in few and small numbers, whose products tell which vectors may be near each other."""

import numpy as np
import torch

from worker.topics.fit import FloatArray, IntArray
from worker.topics.graph.principal_axes import sample_rows, second_moments
from worker.topics.graph.threads import one_thread, over_blocks

# Axes of the sketch.
_AXES = 256
# A sketch is rounded to integers that bfloat16 holds, and so small that no sum of products exceeds
# 2^24: they are added exactly, in whatever order, the same for any number of threads.
_LARGEST = 255.0
_NORM = 4080.0
_BLOCK_ROWS = 1024
# Axes by whose signs rows are sorted.
_SIGNS = 14


def sketch(embeddings: FloatArray) -> torch.Tensor:
    """Project unit vectors on their principal axes, in integers: (n, axes) float32 or bfloat16, the main axis first.

    Args:
        embeddings: (n, d) float32. Not modified.
    """
    points = torch.from_numpy(embeddings)
    axes = _main_axes(embeddings)
    projected = torch.empty(len(points), axes.shape[1])

    def project(rows: slice) -> float:
        return float(torch.mm(points[rows], axes, out=projected[rows]).abs().max())

    largest = max(over_blocks(project, len(points), _BLOCK_ROWS))
    numbers = projected.mul_(min(_LARGEST / largest, _NORM)).round_()
    # Up to four times as fast as float32; without AVX-512 it would be slower.
    return numbers.bfloat16() if torch.backends.cpu.get_cpu_capability() == "AVX512" else numbers


def near_together(numbers: torch.Tensor) -> IntArray:
    """Sort rows so that near ones come near each other, by the signs of the main axes: (n,) int64, a permutation."""
    main = numbers[:, :_SIGNS].float().numpy()
    sides = (main > np.median(main, axis=0)).astype(np.int64)
    order: IntArray = np.argsort(sides @ (1 << np.arange(sides.shape[1])[::-1]), kind="stable")
    return order


def _main_axes(embeddings: FloatArray) -> torch.Tensor:
    """Find the axes on which a sample of the rows is longest, in single precision: (d, axes) orthonormal."""
    sums = second_moments(sample_rows(embeddings))
    with one_thread():
        _, vectors = torch.linalg.eigh(torch.from_numpy(sums))
    main: torch.Tensor = vectors.flip(1)[:, :_AXES].contiguous()
    return main
