"""Principal axes against those of a full decomposition."""

import numpy as np
import pytest

from worker.topics.fit import FloatArray
from worker.topics.graph import principal_axes as module
from worker.topics.graph.principal_axes import principal_axes

WIDTH = 600


def batch(kind: str) -> FloatArray:
    """Make 900 vectors whose spectrum falls, is flat, or ends early."""
    vectors = np.random.default_rng(0).normal(size=(900, WIDTH))
    if kind == "falling":
        vectors /= np.arange(1, WIDTH + 1)
    if kind == "ends":
        vectors[:, 40:] = 0
    if kind == "one":
        vectors[:] = vectors[0]
    return vectors.astype(np.float32)


@pytest.mark.parametrize("kind", ["falling", "flat", "ends", "one"])
def test_the_axes_are_the_first_eigenvectors(kind: str) -> None:
    """Each of length 1, at right angles, and in no other direction than those of numpy."""
    vectors = batch(kind)
    mean, axes = principal_axes(vectors, 4)
    moments = np.cov(vectors.astype(np.float64).T, bias=True) * len(vectors)
    values, expected = np.linalg.eigh(moments)
    np.testing.assert_allclose(mean, vectors.mean(axis=0, dtype=np.float64), atol=1e-9)
    np.testing.assert_allclose(axes.T @ axes, np.eye(4), atol=1e-9)
    np.testing.assert_allclose(moments @ axes, axes * values[::-1][:4], atol=1e-6 * max(values[-1], 1e-3))
    if kind != "one":
        np.testing.assert_allclose(np.abs((axes * expected[:, ::-1][:, :4]).sum(axis=0)), 1, atol=1e-9)


def test_few_axes_need_no_full_decomposition(monkeypatch: pytest.MonkeyPatch) -> None:
    """One of the whole matrix takes three times as long."""
    sizes = []
    full = np.linalg.eigh

    def noted(matrix: FloatArray) -> object:
        sizes.append(len(matrix))
        return full(matrix)

    monkeypatch.setattr(module.np.linalg, "eigh", noted)
    principal_axes(batch("falling"), 4)
    assert max(sizes) <= WIDTH // 2
