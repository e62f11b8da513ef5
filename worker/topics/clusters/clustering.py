"""HDBSCAN on the reduced embeddings, or equal vectors as groups, and the topics they give."""

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, ClusterMixin

from worker.topics.adaptation import default_min_cluster_size
from worker.topics.clusters.cluster_labels import by_size, unite_copies
from worker.topics.clusters.giant import GiantSplit, split_giant
from worker.topics.clusters.grouping import TopicGroups, group_topics
from worker.topics.clusters.hierarchy import FlatClusters, Hierarchy
from worker.topics.fit import Details, FloatArray, IntArray

__all__ = ["Clustering", "EqualVectors", "by_size", "unite_copies"]


class TopicClusterer(ClusterMixin, BaseEstimator):  # type: ignore[misc]
    """What every clustering has after `fit`.

    Attributes:
        labels_: (n,) int64, the topics, by falling size, -1 for outliers.
        cluster_labels_: the same before joining and merging.
        merges_: what lies between.
        groups_: all of these, and what was dissolved.
        giant_split_: what was done about a giant cluster.
        largest_: documents of the largest group of similar ones, of whatever size.
    """

    labels_: IntArray
    giant_split_: GiantSplit
    largest_: int

    def details(self) -> Details:
        """Say what a reader of the log wants to know."""
        return {
            "clusters": int(self.cluster_labels_.max()) + 1,
            "topics": int(self.labels_.max()) + 1,
            "outliers_before_placing": int(np.sum(self.labels_ < 0)),
            "largest_share": round(self.giant_split_.share, 3),
            "giant_found": self.giant_split_.found,
            "giant_split": self.giant_split_.fired,
        }

    def losses(self) -> dict[str, int]:
        """Count what became no topic because it holds no word."""
        return {
            "clusters_without_words_dissolved": self.groups_.n_dissolved,
            "comments_set_aside": self.groups_.n_set_aside,
        }

    def _settle(self, groups: TopicGroups, largest: int) -> None:
        self.groups_ = groups
        self.labels_, self.cluster_labels_, self.merges_ = groups.labels, groups.clusters, groups.merges
        self.largest_ = largest


class Clustering(TopicClusterer):
    """HDBSCAN (Campello et al. 2013) with the giant split and merged to at most `n_topics`."""

    def __init__(
        self,
        embeddings: FloatArray,
        copies: IntArray,
        *,
        min_cluster_size: int,
        min_samples: int,
        n_topics: int,
        words: sparse.csr_matrix | None = None,
    ) -> None:
        """Take the vectors that merging compares, and the content group of each row.

        Args:
            embeddings: (n, d) float32, L2-normalized, rows as in `fit`.
            copies: (n,) int64, equal if text and vector are equal.
            min_cluster_size: documents, >= 2.
            min_samples: of HDBSCAN, >= 1.
            n_topics: the most topics, >= 1.
            words: (n, w) CSR, how often a document holds a word; None if words do not matter.
        """
        self.embeddings = embeddings
        self.copies = copies
        self.min_cluster_size = min_cluster_size
        self.min_samples = min_samples
        self.n_topics = n_topics
        self.words = words

    def fit(self, coordinates: FloatArray, y: object = None) -> "Clustering":
        """Cluster the reduced embeddings, (n, n_components) float32; `y` is ignored."""
        return self.cut(Hierarchy(coordinates, self.min_samples))

    def cut(self, hierarchy: Hierarchy) -> "Clustering":
        """Cut the topics out of a hierarchy that was made with the same `min_samples`; other cuts may share it."""
        clusters, self.giant_split_ = split_giant(hierarchy, self.min_cluster_size)
        if clusters.labels.max(initial=-1) < 0:
            clusters = self._finer(hierarchy)
        self.strengths_ = clusters.strengths
        united = unite_copies(clusters.labels, self.copies)
        groups = group_topics(
            united, self.embeddings, min_size=self.min_cluster_size, n_topics=self.n_topics, words=self.words
        )
        self._settle(groups, _largest(united))
        return self

    def strengths(self) -> FloatArray:
        """Give each document's membership in its cluster, (n,) float32 in [0, 1], 0 for outliers."""
        # A copy of a member that HDBSCAN left outside is a member all the same, by a strength of 0.
        return np.where(self.cluster_labels_ >= 0, self.strengths_, np.float32(0.0))

    def _finer(self, hierarchy: Hierarchy) -> FlatClusters:
        """Look for clusters of the default size, if there are none of the size that was asked for.

        HDBSCAN finds a cluster only beside another one of at least the same size: with 500 asked for,
        neither a group of 600 beside one of 200, nor how large the largest is.
        """
        default = default_min_cluster_size(len(self.embeddings))
        return hierarchy.cut(max(2, min(self.min_cluster_size, default)))


class EqualVectors(TopicClusterer):
    """The clustering of a batch with hardly any distinct vectors: equal ones form the groups."""

    def __init__(
        self,
        groups: IntArray,
        min_cluster_size: int,
        n_topics: int,
        embeddings: FloatArray,
        words: sparse.csr_matrix | None = None,
    ) -> None:
        """Take the group of each row, (n,) int64, equal if the vectors are equal."""
        self.groups = groups
        self.min_cluster_size = min_cluster_size
        self.n_topics = n_topics
        self.embeddings = embeddings
        self.words = words

    def fit(self, coordinates: FloatArray, y: object = None) -> "EqualVectors":
        """Keep the groups that are large enough; the coordinates are not looked at."""
        largest = _largest(self.groups)
        share = largest / len(self.groups)
        self.giant_split_ = GiantSplit(share, found=False, stability_ratio=0.0, fired=False)
        groups = group_topics(
            self.groups, self.embeddings, min_size=self.min_cluster_size, n_topics=self.n_topics, words=self.words
        )
        self._settle(groups, largest)
        return self

    def strengths(self) -> FloatArray:
        """Give 1 for members, which are equal to each other, and 0 for outliers: (n,) float32."""
        return (self.cluster_labels_ >= 0).astype(np.float32)


def _largest(labels: IntArray) -> int:
    """Count the documents of the largest cluster; one document is a group of its own."""
    return int(np.bincount(labels[labels >= 0], minlength=1).max(initial=1))
