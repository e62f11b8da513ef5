"""The clustering of a batch that keeps the topics of an earlier fit."""

import numpy as np

from worker.topics.clusters.cluster_labels import by_size, without_small
from worker.topics.clusters.clustering import Clustering, EqualVectors, TopicClusterer
from worker.topics.clusters.merging import merge_clusters
from worker.topics.clusters.voters import Voters
from worker.topics.continuity.anchoring import (
    let_move,
    place_by_clusters,
    place_by_neighbors,
    united_labels,
    without_faded,
)
from worker.topics.continuity.newcomers import real_topics
from worker.topics.fit import Details, FloatArray, IntArray


class AnchoredClustering(TopicClusterer):
    """Documents stay in the topics they were in; a clustering of the batch says what is new beside them.

    After `fit`, beside what every clustering has:

    Attributes:
        numbers_: (n,) int64, the number of the topic of the earlier fit that a document is in now; -1 for a document
            in a new topic or in none.
        fresh_: the clustering of the batch as if there were no earlier fit.
    """

    numbers_: IntArray

    def __init__(
        self,
        fresh: Clustering | EqualVectors,
        before: IntArray,
        *,
        copies: IntArray,
        voters: Voters,
        embeddings: FloatArray,
    ) -> None:
        """Take the clustering that looks for new topics, and what is known.

        Args:
            fresh: not fitted.
            before: (n,) int64, the number of each document's earlier topic, negative for none; one at least has one.
            copies: (n,) int64, equal if text and vector are equal.
            voters: of the n documents.
            embeddings: (n, d) float32, L2-normalized.
        """
        self.fresh_ = fresh
        self.before = before
        self.copies = copies
        self.voters = voters
        self.embeddings = embeddings
        self.min_cluster_size = fresh.min_cluster_size

    def fit(self, coordinates: FloatArray, y: object = None) -> "AnchoredClustering":
        """Cluster the reduced embeddings, (n, n_components) float32, and keep what was there; `y` is ignored."""
        fresh = self.fresh_.fit(coordinates)
        self.giant_split_, self.largest_, self.groups_ = fresh.giant_split_, fresh.largest_, fresh.groups_
        # What explains a fit shows the clusters that were found; no merge leads from them to the kept topics.
        self.cluster_labels_, self.merges_ = fresh.cluster_labels_, ()
        labels, numbers = compacted(united_labels(self.before, self.copies))
        kept = self._kept(labels)
        settled = place_by_clusters(self._with_new(kept, len(numbers)), fresh.cluster_labels_)
        is_old = (settled >= 0) & (settled < len(numbers))
        self.numbers_ = np.where(is_old, numbers[np.where(is_old, settled, 0)], -1)
        self.n_born_ = len(np.unique(settled[settled >= len(numbers)]))
        self.labels_ = by_size(settled)
        return self

    def strengths(self) -> FloatArray:
        """Give each document's membership in the cluster that the batch by itself would have: (n,) float32."""
        return self.fresh_.strengths()

    def details(self) -> Details:
        """Say what a reader of the log wants to know."""
        return {**super().details(), "topics_kept": len(np.unique(self.numbers_)) - 1, "topics_born": self.n_born_}

    def _kept(self, before: IntArray) -> IntArray:
        """Give the documents of the kept topics, known ones and newcomers: (n,) int64 in the numbers of `before`."""
        labels = without_faded(before, self.min_cluster_size)
        labels = place_by_neighbors(merge_clusters(labels, self.embeddings, self.fresh_.n_topics), self.voters)
        return let_move(labels, before, self.voters)

    def _with_new(self, labels: IntArray, first_number: int) -> IntArray:
        """Add new topics made of what is left over, as far as there may be more topics."""
        n_free = self.fresh_.n_topics - len(np.unique(labels[labels >= 0]))
        # The clustering of the whole batch says what belongs together: of the left-over ones alone it would find
        # no group that is the only one.
        left_over = np.where(labels < 0, self.fresh_.cluster_labels_, -1)
        candidates = without_small(left_over, self.min_cluster_size)
        new = real_topics(candidates, labels, self.embeddings, n_free)
        for number, group in enumerate(new, start=first_number):
            labels = np.where(candidates == group, number, labels)
        if not new:
            return labels
        before = np.where(labels < first_number, labels, -1)
        return let_move(place_by_neighbors(labels, self.voters), before, self.voters)


def compacted(numbers: IntArray) -> tuple[IntArray, IntArray]:
    """Number topics 0, 1, 2 ... by falling size.

    Of two topics that have to become one, the larger keeps its number; and no array needs as many rows as the
    highest number.

    Args:
        numbers: (n,) int64, of topics, negative for none.

    Returns:
        labels (n,) int64, -1 for none; and the number of each label.
    """
    known, rows = np.unique(numbers, return_inverse=True)
    labels = by_size(np.maximum(rows.ravel() - int(np.sum(known < 0)), -1))
    own = np.full(int(labels.max(initial=-1)) + 1, -1, dtype=np.int64)
    own[labels[labels >= 0]] = numbers[labels >= 0]
    return labels, own


def core_of(clustering: TopicClusterer, core: IntArray) -> IntArray:
    """Tell which documents are surely in their topic, and not placed there by neighbors: (n,) int64, -1 for others.

    In kept topics these are the documents that the batch's own clustering finds in a cluster. If it finds none in
    a topic, all its documents count.

    Args:
        clustering: fitted.
        core: (n,) int64, the topics before outliers were placed, -1 for outliers.
    """
    if not isinstance(clustering, AnchoredClustering):
        return core
    is_core = (clustering.fresh_.labels_ >= 0) & (core >= 0)
    n_core = np.bincount(core[is_core], minlength=int(core.max()) + 1)
    return np.where(is_core | (np.append(n_core, 1)[core] == 0), core, -1)
