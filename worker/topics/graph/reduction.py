"""UMAP on neighbors that are already known, as BERTopic's dimensionality reduction."""

from sklearn.base import BaseEstimator

from worker.topics.fit import FloatArray
from worker.topics.graph.fuzzy_graph import fuzzy_graph
from worker.topics.graph.layout import lay_out, principal_start
from worker.topics.graph.neighbors import Neighbors
from worker.topics.graph.shared_neighbors import weigh_by_shared

# Three tenths of umap-learn's own 500, and of its 200 from 10,000 points on: the clusters are as good
# (docs/benchmarks.md, quality).
N_EPOCHS = 150
N_EPOCHS_LARGE = 60
LARGE = 10_000
# Layouts of one batch, by the number of neighbors and of dimensions.
Layouts = dict[tuple[int, int], FloatArray]
RANDOM_STATE = 42


class Reduction(BaseEstimator):  # type: ignore[misc]
    """UMAP with min_dist 0 over precomputed cosine neighbors, on the CPU or on CUDA.

    McInnes, Healy and Melville 2018 (arXiv 1802.03426). It serves the rows whose neighbors it
    was made with, in their order, and no others. Not umap-learn, whose layout compiles for
    seconds in every fresh process, runs on one thread if it is seeded, and on no GPU.
    """

    def __init__(
        self,
        neighbors: Neighbors,
        n_neighbors: int,
        n_components: int,
        device: str = "cpu",
        layouts: Layouts | None = None,
    ) -> None:
        """Take the neighbors, at least `n_neighbors - 1` a point (UMAP counts the point itself).

        Args:
            neighbors: of the points.
            n_neighbors: of UMAP.
            n_components: of the layout.
            device: "cpu" or "cuda:N".
            layouts: of the same points and neighbors, which are not made again; a new one is added. None to keep none.
        """
        self.neighbors = neighbors
        self.n_neighbors = n_neighbors
        self.n_components = n_components
        self.device = device
        self.layouts = layouts

    def fit_transform(self, embeddings: FloatArray, y: object = None) -> FloatArray:
        """Lay the points out.

        Args:
            embeddings: (n, d) float32, the rows the neighbors belong to. Not modified.
            y: ignored; BERTopic passes it.

        Returns:
            (n, n_components) float32.
        """
        known = {} if self.layouts is None else self.layouts
        key = (self.n_neighbors, self.n_components)
        if key not in known:
            known[key] = self._laid_out(embeddings)
        return known[key]

    def _laid_out(self, embeddings: FloatArray) -> FloatArray:
        others = self.n_neighbors - 1
        indices = self.neighbors.indices[:, :others]
        # By shared neighbors: the groups come out nearly alike if a few documents are left out.
        graph = weigh_by_shared(fuzzy_graph(indices, self.neighbors.distances[:, :others]), indices)
        start = principal_start(embeddings, self.n_components, RANDOM_STATE)
        n_epochs = N_EPOCHS if len(embeddings) < LARGE else N_EPOCHS_LARGE
        return lay_out(graph, start, n_epochs=n_epochs, seed=RANDOM_STATE, device=self.device)
