"""The rules that turn clusters into topics, whichever clustering found them."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from worker.topics.clusters.cluster_labels import by_size, without_small
from worker.topics.clusters.merging import merge_clusters
from worker.topics.clusters.namesakes import join_namesakes, set_wordless_aside
from worker.topics.diagnostics import Merge
from worker.topics.fit import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class TopicGroups:
    """What clusters became.

    Attributes:
        clusters: (n,) int64, by falling size, before joining and merging; -1 for outliers.
        labels: (n,) int64, the topics, by falling size; -1 for outliers.
        merges: from the clusters to the topics, in order.
        n_dissolved: clusters that became no topic, because their comments hold no word.
        n_set_aside: comments that left their clusters for that reason.
    """

    clusters: IntArray
    labels: IntArray
    merges: tuple[Merge, ...]
    n_dissolved: int
    n_set_aside: int


def group_topics(
    labels: IntArray,
    embeddings: FloatArray,
    *,
    min_size: int,
    n_topics: int,
    words: sparse.csr_matrix | None = None,
) -> TopicGroups:
    """Keep clusters that are large enough and have words, join those that say the same, merge the most alike.

    Clusters without words and twins go before the merge, so that none of them takes the place of a topic.

    Args:
        labels: (n,) int64, -1 for outliers. Not modified.
        embeddings: (n, d) float32, L2-normalized.
        min_size: documents of a topic, >= 2.
        n_topics: the most topics, >= 1.
        words: (n, w) CSR, how often a document holds a word; None if words do not matter.
    """
    clusters = by_size(without_small(labels, min_size))
    merges: list[Merge] = []
    named = joined = clusters
    if words is not None:
        named = without_small(set_wordless_aside(clusters, words), min_size)
        joined = join_namesakes(named, words, embeddings, merges)
    topics = by_size(merge_clusters(joined, embeddings, n_topics, merges))
    return TopicGroups(
        clusters=clusters,
        labels=topics,
        merges=tuple(merges),
        n_dissolved=len(np.unique(clusters[clusters >= 0])) - len(np.unique(named[named >= 0])),
        n_set_aside=int(np.sum((clusters >= 0) & (named < 0))),
    )
