"""The sub-models that BERTopic is given: our stages, each reported as it begins."""

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from worker.topics.bertopic.parts import BERTopic, ClassTfidfTransformer
from worker.topics.clusters.clustering import Clustering, EqualVectors
from worker.topics.continuity.anchored import AnchoredClustering
from worker.topics.fit import DoubleArray, FloatArray, Stage
from worker.topics.graph.reduction import Reduction
from worker.topics.stages import StageClock

if TYPE_CHECKING:
    import pandas as pd


class NoClusters(Exception):
    """Ends BERTopic's fit early if there is no cluster; no error, and caught by whoever called the fit."""


class LeanBERTopic(BERTopic):  # type: ignore[misc]
    """BERTopic without what nobody reads.

    Its choice of typical documents takes a c-TF-IDF of samples of each topic; what a batch gives has its own, and what
    is saved holds no comment. Topics' vectors are means over the final topics, which it does not see.
    """

    def _save_representative_docs(self, documents: "pd.DataFrame") -> None:
        """Choose none; BERTopic calls it at the end of a fit."""
        self.representative_docs_: dict[int, list[str]] = {}

    def _create_topic_vectors(self, *_: object, **__: object) -> None:
        """Make none; BERTopic calls it before the end of a fit."""


class TermWeights(ClassTfidfTransformer):  # type: ignore[misc]
    """BERTopic's own c-TF-IDF (Grootendorst 2022, arXiv 2203.05794), for a batch of a single term too.

    BERTopic turns a single column into a number, and then fails on it.
    """

    def fit(self, X: sparse.csr_matrix, multiplier: DoubleArray | None = None) -> "TermWeights":  # noqa: N803 - scikit-learn's name
        """Learn the weight of each term from (topics, t) counts."""
        if X.shape[1] > 1:
            super().fit(X, multiplier)
        else:
            total = int(X.sum())
            self._idf_diag = sparse.csr_matrix([[np.log(total // X.shape[0] / total + 1)]])
        return self


class ReductionSubModel:
    """The sub-model for dimensionality reduction: reports the stage."""

    def __init__(self, reduction: Reduction, clock: StageClock) -> None:
        self.reduction = reduction
        self.clock = clock

    def fit_transform(self, embeddings: FloatArray, y: object = None) -> FloatArray:
        """Lay the points out, (n, d) to (n, n_components) float32; `y` is ignored."""
        self.clock.enter(Stage.REDUCE)
        return self.reduction.fit_transform(embeddings, y)


class ClusteringSubModel:
    """The sub-model for clustering: reports the stage, and stops if there is no cluster."""

    def __init__(self, clustering: Clustering | EqualVectors | AnchoredClustering, clock: StageClock) -> None:
        self.clustering = clustering
        self.clock = clock

    def fit(self, coordinates: FloatArray, y: object = None) -> "ClusteringSubModel":
        """Cluster the reduced embeddings; `y` is ignored.

        Raises:
            NoClusters: all are outliers.
        """
        self.clock.enter(Stage.CLUSTER)
        fitted = self.clustering.fit(coordinates)
        self.labels_ = fitted.labels_
        self.clock.note(**fitted.details())
        self.clock.note_if_any(**fitted.losses())
        if self.labels_.max() < 0:
            raise NoClusters
        self.clock.enter(Stage.REPRESENT)
        return self
