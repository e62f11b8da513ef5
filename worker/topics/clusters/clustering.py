"""HDBSCAN, the split of a giant cluster, and the merge down to the topics that were asked for."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClusterMixin

from worker.topics.clusters.hierarchy import FlatClusters, Hierarchy
from worker.topics.clusters.merging import merge_clusters
from worker.topics.fit import FloatArray, IntArray, Merge

# A cluster with more than this share of the documents is a giant ...
GIANT_SHARE = 0.4
# ... and is split when the hierarchy below it weighs at least this much of its own stability.
# Two real groups measured .02-.08, real degenerate cases .21-1.0.
MIN_STABILITY_RATIO = 0.15
# No cluster of the split may hold more than this share.
SPLIT_SHARE = 0.3
# A split that leaves nearly all documents outside is worse than the giant; half of them outside
# is not, since most of these find a topic afterwards.
MAX_OUTLIERS_OF_SPLIT = 0.65


@dataclass(frozen=True)
class GiantSplit:
    """What was done about a giant cluster, for the log.

    Attributes:
        share: of the documents, in the largest cluster that plain HDBSCAN found.
        found: whether that one is a giant.
        stability_ratio: of its best descendants to itself; 0 where there was no giant.
        fired: whether the split was taken.
    """

    share: float
    found: bool
    stability_ratio: float
    fired: bool


class Clustering(ClusterMixin, BaseEstimator):  # type: ignore[misc]
    """HDBSCAN (Campello et al. 2013) with the giant split and merged to at most `n_topics`.

    After `fit`: `labels_` (n,) int64, by falling size, -1 for outliers; `cluster_labels_`, the
    same before merging; `merges_` that lie between; `giant_split_`.
    """

    def __init__(
        self,
        embeddings: FloatArray,
        copies: IntArray,
        *,
        min_cluster_size: int,
        min_samples: int,
        n_topics: int,
    ) -> None:
        """Take the vectors that merging compares, and the content group of each row.

        Args:
            embeddings: (n, d) float32, L2-normalized, rows as in `fit`.
            copies: (n,) int64, equal where text and vector are equal.
            min_cluster_size: documents, >= 2.
            min_samples: of HDBSCAN, >= 1.
            n_topics: the most topics, >= 1.
        """
        self.embeddings = embeddings
        self.copies = copies
        self.min_cluster_size = min_cluster_size
        self.min_samples = min_samples
        self.n_topics = n_topics

    def fit(self, coordinates: FloatArray, y: object = None) -> "Clustering":
        """Cluster the reduced embeddings, (n, n_components) float32; `y` is ignored."""
        clusters, self.giant_split_ = split_giant(Hierarchy(coordinates, self.min_samples), self.min_cluster_size)
        self.strengths_ = clusters.strengths
        self.merges_: list[Merge] = []
        self.cluster_labels_ = by_size(unite_copies(clusters.labels, self.copies))
        self.labels_ = by_size(merge_clusters(self.cluster_labels_, self.embeddings, self.n_topics, self.merges_))
        return self

    def strengths(self) -> FloatArray:
        """Give each document's membership in its cluster, (n,) float32 in [0, 1], 0 for outliers."""
        # A copy of a member that HDBSCAN left outside is a member all the same, by a strength of 0.
        return np.where(self.cluster_labels_ >= 0, self.strengths_, np.float32(0.0))


class EqualVectors(ClusterMixin, BaseEstimator):  # type: ignore[misc]
    """The clustering of a batch with hardly any distinct vectors: equal ones form the groups."""

    def __init__(self, groups: IntArray, min_cluster_size: int, n_topics: int, embeddings: FloatArray) -> None:
        """Take the group of each row, (n,) int64, equal where the vectors are equal."""
        self.groups = groups
        self.min_cluster_size = min_cluster_size
        self.n_topics = n_topics
        self.embeddings = embeddings

    def fit(self, coordinates: FloatArray, y: object = None) -> "EqualVectors":
        """Keep the groups that are large enough; the coordinates are not looked at."""
        _, inverse, counts = np.unique(self.groups, return_inverse=True, return_counts=True)
        labels = np.where(counts[inverse] >= self.min_cluster_size, inverse, -1)
        self.giant_split_ = GiantSplit(float(counts.max() / len(labels)), found=False, stability_ratio=0.0, fired=False)
        self.merges_: list[Merge] = []
        self.cluster_labels_ = by_size(labels)
        self.labels_ = by_size(merge_clusters(self.cluster_labels_, self.embeddings, self.n_topics, self.merges_))
        return self

    def strengths(self) -> FloatArray:
        """Give 1 for members, which are equal to each other, and 0 for outliers: (n,) float32."""
        return (self.cluster_labels_ >= 0).astype(np.float32)


def split_giant(hierarchy: Hierarchy, min_cluster_size: int) -> tuple[FlatClusters, GiantSplit]:
    """Split a cluster that holds most of the documents, where the hierarchy supports it.

    Excess of mass keeps a parent whose stability beats the sum of its best descendants, by
    however little; comments of one kind then fall into a single topic. Healthy batches, and
    batches that really have two groups, come out as they went in.

    Returns:
        The clusters, and what was done.
    """
    clusters = hierarchy.cut(min_cluster_size)
    labels = clusters.labels
    share = _largest_share(labels)
    if share <= GIANT_SHARE:
        return clusters, GiantSplit(share, found=False, stability_ratio=0.0, fired=False)
    ratio = _stability_ratio(clusters.condensed_tree, int(np.bincount(labels[labels >= 0]).max()))
    if ratio < MIN_STABILITY_RATIO:
        return clusters, GiantSplit(share, found=True, stability_ratio=ratio, fired=False)
    cap = max(2 * min_cluster_size, int(SPLIT_SHARE * len(labels)))
    split = hierarchy.cut(min_cluster_size, cap)
    better = split.labels.max() > labels.max() and float(np.mean(split.labels < 0)) <= MAX_OUTLIERS_OF_SPLIT
    return (split if better else clusters), GiantSplit(share, found=True, stability_ratio=ratio, fired=bool(better))


def unite_copies(labels: IntArray, copies: IntArray) -> IntArray:
    """Give equal items one label: the one that most of them have, ties to the lower.

    Otherwise the order of the items would decide which of two copies is an outlier.

    Args:
        labels: (n,) int64, -1 for outliers. Not modified.
        copies: (n,) int64, equal where text and vector are equal.

    Returns:
        (n,) int64.
    """
    pairs, counts = np.unique(np.stack([copies, labels], axis=1), axis=0, return_counts=True)
    # One sort for all groups: by group, then the most votes first, then the lower label.
    order = np.lexsort((pairs[:, 1], -counts, pairs[:, 0]))
    groups, first = np.unique(pairs[order, 0], return_index=True)
    winners: IntArray = pairs[order[first], 1]
    return winners[np.searchsorted(groups, copies)]


def by_size(labels: IntArray) -> IntArray:
    """Number clusters 0, 1, 2 … by falling size; ties by the first member."""
    clusters, first, counts = np.unique(labels, return_index=True, return_counts=True)
    real = clusters >= 0
    order = clusters[real][np.lexsort((first[real], -counts[real]))]
    numbers = np.full(int(labels.max(initial=-1)) + 2, -1, dtype=np.int64)
    numbers[order] = np.arange(len(order))
    return numbers[labels]


def _largest_share(labels: IntArray) -> float:
    clustered = labels[labels >= 0]
    return float(np.bincount(clustered).max() / len(labels)) if len(clustered) else 0.0


def _stability_ratio(tree: npt.NDArray[np.void], giant_size: int) -> float:
    """The best total stability below the giant cluster, over its own.

    Stability as in Campello et al. 2013, section 4: the sum over what leaves a cluster of
    (lambda at leaving - lambda at birth) times how many leave.
    """
    root = int(tree["parent"].min())
    is_cluster = tree["child_size"] > 1
    birth = {root: 0.0} | {int(row["child"]): float(row["lambda_val"]) for row in tree[is_cluster]}
    size = {root: int(tree["child"][~is_cluster].max(initial=0)) + 1} | {
        int(row["child"]): int(row["child_size"]) for row in tree[is_cluster]
    }
    own = dict.fromkeys(birth, 0.0)
    children: dict[int, list[int]] = {cluster: [] for cluster in birth}
    finite = np.isfinite(tree["lambda_val"])
    ceiling = float(tree["lambda_val"][finite].max(initial=0.0))
    for row in tree:
        parent = int(row["parent"])
        own[parent] += (min(float(row["lambda_val"]), ceiling) - birth[parent]) * int(row["child_size"])
        if row["child_size"] > 1:
            children[parent].append(int(row["child"]))
    best: dict[int, float] = {}
    for cluster in sorted(birth, reverse=True):
        below = sum(best[child] for child in children[cluster])
        best[cluster] = max(own[cluster], below)
    # The giant's members are the rows HDBSCAN gave it; several nested clusters can be near that
    # size, the selected one is the smallest that still holds them all.
    giant = min((c for c in birth if size[c] >= giant_size), key=lambda c: (size[c], -c))
    below = sum(best[child] for child in children[giant])
    return below / own[giant] if own[giant] > 0 else 1.0
