"""The parts of topics, with names: the clusters that were joined to a topic, and what one cluster falls into."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from scipy import sparse
from sklearn.cluster import KMeans

from worker.topics.diagnostics import Merge, Part
from worker.topics.fit import FloatArray, IntArray
from worker.topics.words.encoders import unit
from worker.topics.words.vocabulary import Vocabulary

N_KEYWORDS: Final = 3
# A cluster is shown in parts of about this many documents, at most this many parts.
_PART_SIZE: Final = 30
_MOST_PARTS: Final = 5
_FEWEST_IN_PART: Final = 8
# A keyword of a part is in this many of its documents at least.
_FEWEST_HOLDERS: Final = 2
_SEED: Final = 42


class PartFinder:
    """Finds and names the parts of the topics of one fit."""

    def __init__(self, coordinates: FloatArray, embeddings: FloatArray, vocabulary: Vocabulary) -> None:
        """Take the map, (n, 2), the embeddings, (n, d) L2-normalized, and the words of the documents."""
        self._coordinates = coordinates
        self._embeddings = embeddings
        self._vocabulary = vocabulary
        self._holds = sparse.csr_matrix(vocabulary.doc_term_matrix > 0, dtype=np.float64)

    def parts(self, clusters: IntArray, cluster_topics: IntArray, merges: Sequence[Merge]) -> tuple[Part, ...]:
        """List the parts of all topics, each before the parts that it has itself.

        A topic that was joined from clusters has those that were joined last as its parts, and so on down to the
        clusters. A large cluster has parts too: the areas of the map that k-means finds in it.

        Args:
            clusters: (n,) int64, before merging; -1 for outliers.
            cluster_topics: (c,) int64, the topic that each cluster ended in; -1 for none.
            merges: from the clusters to the topics, in order.
        """
        found: list[Part] = []
        for root, children in _trees(len(cluster_topics), merges):
            topic = int(cluster_topics[root])
            if topic >= 0:
                self._descend(_Tree(topic, children, clusters), (root, len(merges)), -1, found)
        return tuple(self._named(found))

    def _descend(self, tree: "_Tree", node: tuple[int, int], parent: int, found: list[Part]) -> None:
        """Add the parts below a node; the node of a topic itself is no part."""
        below = tree.below(node)
        for child, similarity in below:
            found.append(Part(tree.topic, parent, tree.rows(child), (), -1, similarity))
            self._descend(tree, child, len(found) - 1, found)
        if not below:
            areas = self._areas(tree.rows(node))
            found.extend(Part(tree.topic, parent, rows, (), -1, None) for rows in areas)

    def _areas(self, rows: IntArray) -> list[IntArray]:
        n_parts = min(_MOST_PARTS, len(rows) // _PART_SIZE)
        places = self._coordinates[rows]
        if n_parts < 2 or len(np.unique(places, axis=0)) < n_parts:
            return []
        found = KMeans(n_parts, n_init=2, random_state=_SEED).fit(places)
        # A few documents that lie apart are no part: they go to the nearest area that is one.
        large = np.flatnonzero(np.bincount(found.labels_, minlength=n_parts) >= _FEWEST_IN_PART)
        if len(large) < 2:
            return []
        areas = large[np.argmin(found.transform(places)[:, large], axis=1)]
        parts = [rows[areas == area] for area in large]
        return sorted(parts, key=lambda part: (-len(part), int(part[0])))

    def _named(self, found: list[Part]) -> list[Part]:
        """Name each part by what tells it from the rest of its topic, and find its typical document."""
        whole: dict[int, IntArray] = {}
        for part in found:
            if part.parent < 0:
                whole[part.topic] = np.append(whole.get(part.topic, np.array([], dtype=np.int64)), part.rows)
        return [
            replace(part, keywords=self._keywords(part.rows, whole[part.topic]), typical=self._typical(part.rows))
            for part in found
        ]

    def _typical(self, rows: IntArray) -> int:
        center = unit(self._embeddings[rows].mean(axis=0, keepdims=True))[0]
        return int(rows[int(np.argmax(self._embeddings[rows] @ center))])

    def _keywords(self, rows: IntArray, whole: IntArray) -> tuple[str, ...]:
        """Rank terms by share * log(share / share in the topic), the pointwise Kullback-Leibler divergence."""
        vocabulary = self._vocabulary
        held = np.asarray(self._holds[rows].sum(axis=0)).ravel()
        of_all = np.asarray(self._holds[whole].sum(axis=0)).ravel()
        share, expected = held / len(rows), np.maximum(of_all, 1) / len(whole)
        worth = share * np.log(np.maximum(share, 1e-9) / expected) + 0.05 * share
        worth[(held < min(_FEWEST_HOLDERS, len(rows))) | ~vocabulary.written] = -np.inf
        chosen: list[int] = []
        for column in np.argsort(-worth, kind="stable")[: 20 * N_KEYWORDS].tolist():
            if not np.isfinite(worth[column]) or len(chosen) == N_KEYWORDS:
                break
            if not any(set(vocabulary.stems[column]) & set(vocabulary.stems[other]) - {-1, -2} for other in chosen):
                chosen.append(column)
        return tuple(str(vocabulary.terms[column]) for column in chosen)


class _Tree:
    """The merges of one topic; a node is the cluster that kept its number, and how many merges there had been."""

    def __init__(self, topic: int, merges: list[tuple[int, Merge]], clusters: IntArray) -> None:
        self.topic = topic
        self._merges = merges
        self._clusters = clusters

    def below(self, node: tuple[int, int]) -> list[tuple[tuple[int, int], float]]:
        """Give the two nodes that were joined to this one, and their similarity; none for a cluster."""
        cluster, before = node
        for at, merge in reversed(self._merges):
            if at < before and merge.keep == cluster:
                pair = sorted(((merge.keep, at), (merge.gone, at)), key=lambda child: -len(self.rows(child)))
                return [(child, merge.similarity) for child in pair]
        return []

    def rows(self, node: tuple[int, int]) -> IntArray:
        """Give the documents of a node."""
        members, before = {node[0]}, node[1]
        for at, merge in reversed(self._merges):
            if at < before and merge.keep in members:
                members.add(merge.gone)
        return np.flatnonzero(np.isin(self._clusters, sorted(members)))


def _trees(n_clusters: int, merges: Sequence[Merge]) -> list[tuple[int, list[tuple[int, Merge]]]]:
    """Give the root of each tree with its merges, each with its place in the order."""
    root = list(range(n_clusters))
    for merge in reversed(merges):
        root[merge.gone] = root[merge.keep]
    trees: dict[int, list[tuple[int, Merge]]] = {
        cluster: [] for cluster in range(n_clusters) if root[cluster] == cluster
    }
    for at, merge in enumerate(merges):
        trees[root[merge.keep]].append((at, merge))
    return sorted(trees.items())
