"""The split of a giant cluster that HDBSCAN found."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from worker.topics.clusters.hierarchy import FlatClusters, Hierarchy
from worker.topics.fit import IntArray

# A cluster with more than this share of the documents is a giant ...
GIANT_SHARE = 0.4
# ... and is split if the best clusters below it have at least this share of its own stability.
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
        stability_ratio: of its best descendants to itself; 0 if there was no giant.
        fired: whether the split was taken.
    """

    share: float
    found: bool
    stability_ratio: float
    fired: bool


def split_giant(hierarchy: Hierarchy, min_cluster_size: int) -> tuple[FlatClusters, GiantSplit]:
    """Split a cluster that holds most of the documents, if the hierarchy supports it.

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
