"""UMAP on neighbours that are already known, as BERTopic's dimensionality reduction."""

import warnings

import numpy as np
from sklearn.base import BaseEstimator
from umap import UMAP

from worker.topics.fit import FloatArray
from worker.topics.neighbors import Neighbors

# A fifth of umap-learn's own choice below 10,000 points; the clusters are as good (README, quality).
N_EPOCHS = 100
RANDOM_STATE = 42


class Reduction(BaseEstimator):  # type: ignore[misc]
    """UMAP's layout over precomputed cosine neighbours.

    McInnes, Healy and Melville 2018 (arXiv 1802.03426). It serves the rows whose neighbours it
    was made with, in their order, and no others.
    """

    def __init__(self, neighbors: Neighbors, n_neighbors: int, n_components: int) -> None:
        """Take the neighbours, at least `n_neighbors - 1` a point (UMAP counts the point itself)."""
        self.neighbors = neighbors
        self.n_neighbors = n_neighbors
        self.n_components = n_components

    def fit_transform(self, embeddings: FloatArray, y: object = None) -> FloatArray:
        """Lay the points out.

        Args:
            embeddings: (n, d) float32, the rows the neighbours belong to. Not modified.
            y: ignored; BERTopic passes it.

        Returns:
            (n, n_components) float32.
        """
        n = len(embeddings)
        others = min(self.n_neighbors - 1, self.neighbors.indices.shape[1])
        itself = np.arange(n, dtype=np.int64)[:, None]
        indices = np.hstack([itself, self.neighbors.indices[:, :others]])
        distances = np.hstack([np.zeros((n, 1), np.float32), self.neighbors.distances[:, :others]])
        layout = UMAP(
            n_neighbors=others + 1,
            n_components=self.n_components,
            n_epochs=N_EPOCHS,
            min_dist=0.0,
            metric="cosine",
            random_state=RANDOM_STATE,
            n_jobs=1,
            precomputed_knn=(indices, distances),
        )
        with warnings.catch_warnings():
            # It warns that it cannot transform new points, and that spectral starts of
            # disconnected graphs are approximate; neither concerns this use.
            warnings.simplefilter("ignore", UserWarning)
            coordinates: FloatArray = layout.fit_transform(embeddings)
        return coordinates
