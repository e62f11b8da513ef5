"""HDBSCAN's hierarchy of a batch, built once, and the flat clusters that are cut out of it."""

from dataclasses import dataclass

import hdbscan
import numpy as np
import numpy.typing as npt
from hdbscan._hdbscan_linkage import label as single_linkage
from hdbscan.hdbscan_ import _tree_to_labels as cut_tree

from worker.topics.clusters.spanning_tree import spanning_tree
from worker.topics.fit import DoubleArray, FloatArray, IntArray

# Above this many documents the hierarchy is made from our spanning tree; below, hdbscan's own search is faster.
TREE_ABOVE = 10_000


@dataclass(frozen=True)
class FlatClusters:
    """Clusters by excess of mass.

    Attributes:
        labels: (n,) int64, -1 for outliers.
        strengths: (n,) float32 in [0, 1], membership in the cluster; 0 for outliers.
        condensed_tree: records of parent, child, lambda_val and child_size.
    """

    labels: IntArray
    strengths: FloatArray
    condensed_tree: npt.NDArray[np.void]


class Hierarchy:
    """The single-linkage tree by mutual reachability (Campello et al. 2013, section 3)."""

    def __init__(self, coordinates: FloatArray, min_samples: int) -> None:
        """Build it.

        Args:
            coordinates: (n, c) float32, n >= 2. Not modified.
            min_samples: >= 1, which neighbor's distance is a point's core distance.
        """
        self._linkage = _linkage(coordinates, min_samples)

    def cut(self, min_cluster_size: int, max_cluster_size: int = 0) -> FlatClusters:
        """Select the clusters with the largest excess of mass; the tree is kept, so that each cut takes little time.

        Args:
            min_cluster_size: documents, >= 2.
            max_cluster_size: documents; 0 for no limit.
        """
        # hdbscan has no public function that takes a finished tree: `fit` would build it again for each cut.
        labels, probabilities, _, condensed_tree, _ = cut_tree(
            None, self._linkage, min_cluster_size, "eom", max_cluster_size=max_cluster_size
        )
        return FlatClusters(labels.astype(np.int64), probabilities.astype(np.float32), condensed_tree)


def _linkage(coordinates: FloatArray, min_samples: int) -> DoubleArray:
    """Give the joins in the order of their distance: (n - 1, 4), as scipy's `linkage` does."""
    if len(coordinates) > TREE_ABOVE:
        joins: DoubleArray = single_linkage(spanning_tree(coordinates, min_samples))
        return joins
    model = hdbscan.HDBSCAN(metric="euclidean", min_samples=min_samples, core_dist_n_jobs=1)
    fitted: DoubleArray = model.fit(coordinates.astype(np.float64)).single_linkage_tree_.to_numpy()
    return fitted
