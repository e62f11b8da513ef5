"""What explains a fit: a map, the clusters before merging, and each topic's own measures."""

from collections.abc import Sequence

import numpy as np

from worker.topics.clusters.clustering import Clustering, EqualVectors
from worker.topics.clusters.outliers import N_VOTERS
from worker.topics.corpus import Corpus
from worker.topics.evaluation import metrics
from worker.topics.fit import Diagnostics, FloatArray, IntArray, TopicFit
from worker.topics.graph.neighbors import Neighbors
from worker.topics.graph.reduction import Reduction
from worker.topics.words.encoders import unit
from worker.topics.words.keywords import Keyword
from worker.topics.words.vocabulary import Vocabulary

N_MAP_DIMENSIONS = 2
# A layout needs more points than dimensions.
_FEWEST_FOR_UMAP = N_MAP_DIMENSIONS + 3


def diagnose(
    fit: TopicFit,
    core: IntArray,
    corpus: Corpus,
    vocabulary: Vocabulary,
    neighbors: Neighbors,
    clustering: Clustering | EqualVectors,
    keywords: Sequence[Sequence[Keyword]],
    n_neighbors: int,
    device: str,
) -> Diagnostics:
    """Collect what explains a fit; everything in the order of the corpus.

    Args:
        fit: its labels in the order of the corpus.
        core: (n,) int64, before placing, -1 for outliers; only that is looked at.
        corpus: the batch in canonical order.
        vocabulary: of the batch.
        neighbors: as UMAP took them; the nearest of them voted.
        clustering: fitted.
        keywords: of each topic of the fit.
        n_neighbors: of UMAP, the point itself counted.
        device: "cpu" or "cuda:N".
    """
    words = [[keyword.term for keyword in topic] for topic in keywords]
    npmi = [score or 0.0 for score in metrics.topic_npmi(words, vocabulary)]
    coherence = [metrics.embedding_coherence([np.stack([k.vector for k in topic])]) for topic in keywords]
    final_core = np.where(core >= 0, fit.labels, -1)
    return Diagnostics(
        coordinates=_map(corpus, neighbors, n_neighbors, device),
        core=final_core,
        clusters=clustering.cluster_labels_,
        strengths=clustering.strengths(),
        neighbors=neighbors.indices[:, :N_VOTERS],
        distances=neighbors.distances[:, :N_VOTERS],
        silhouettes=_silhouettes(corpus.embeddings, fit.labels, device),
        closeness=_closeness(corpus.embeddings, fit.labels, len(fit.topics)),
        topic_similarity=_topic_similarity(corpus.embeddings, fit.labels, len(fit.topics)),
        npmi=np.array(npmi, dtype=np.float32),
        coherence=np.array(coherence, dtype=np.float32),
        coverage=_coverage(fit.labels, words, vocabulary),
        merges=tuple(clustering.merges_),
        cluster_topics=_cluster_topics(clustering.cluster_labels_, final_core),
    )


def in_order_of(order: IntArray, diagnostics: Diagnostics) -> Diagnostics:
    """Bring diagnostics from the canonical order back into that of the batch."""
    position = np.empty_like(order)
    position[order] = np.arange(len(order))
    own = diagnostics
    return Diagnostics(
        coordinates=own.coordinates[position],
        core=own.core[position],
        clusters=own.clusters[position],
        strengths=own.strengths[position],
        neighbors=order[own.neighbors[position]],
        distances=own.distances[position],
        silhouettes=own.silhouettes[position],
        closeness=own.closeness[position],
        topic_similarity=own.topic_similarity,
        npmi=own.npmi,
        coherence=own.coherence,
        coverage=own.coverage,
        merges=own.merges,
        cluster_topics=own.cluster_topics,
    )


def _map(corpus: Corpus, neighbors: Neighbors, n_neighbors: int, device: str) -> FloatArray:
    n_vectors = int(corpus.vectors.max()) + 1
    if len(corpus.texts) < _FEWEST_FOR_UMAP or 2 * n_vectors <= n_neighbors:
        return _principal_plane(corpus.embeddings)
    return Reduction(neighbors, n_neighbors, N_MAP_DIMENSIONS, device).fit_transform(corpus.embeddings)


def _principal_plane(embeddings: FloatArray) -> FloatArray:
    """Project on the two first principal axes, where UMAP would see no shape."""
    centred = embeddings - embeddings.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    plane = np.zeros((len(embeddings), N_MAP_DIMENSIONS), dtype=np.float32)
    projected = centred @ axes[:N_MAP_DIMENSIONS].T
    plane[:, : projected.shape[1]] = projected
    return plane


def _silhouettes(embeddings: FloatArray, labels: IntArray, device: str) -> FloatArray:
    spread = np.zeros(len(labels), dtype=np.float32)
    scores = metrics.silhouettes(embeddings, labels, device)
    if scores is not None:
        spread[labels >= 0] = scores.cpu().numpy()
    return spread


def _closeness(embeddings: FloatArray, labels: IntArray, n_topics: int) -> FloatArray:
    centroids = unit(np.stack([embeddings[labels == topic].mean(axis=0) for topic in range(n_topics)]))
    closeness = np.einsum("ij,ij->i", embeddings, centroids[labels])
    return np.where(labels >= 0, closeness, 0.0).astype(np.float32)


def _topic_similarity(embeddings: FloatArray, labels: IntArray, n_topics: int) -> FloatArray:
    centred = embeddings - embeddings.mean(axis=0)
    means = unit(np.stack([centred[labels == topic].mean(axis=0) for topic in range(n_topics)]))
    return means @ means.T


def _coverage(labels: IntArray, words: Sequence[Sequence[str]], vocabulary: Vocabulary) -> FloatArray:
    shares = []
    for topic, own in enumerate(words):
        columns = vocabulary.columns_of(own)
        counts = vocabulary.doc_term_matrix[labels == topic][:, columns].sum(axis=1)
        shares.append(float(np.mean(np.asarray(counts) > 0)))
    return np.array(shares, dtype=np.float32)


def _cluster_topics(clusters: IntArray, core: IntArray) -> IntArray:
    topics = np.full(int(clusters.max(initial=-1)) + 1, -1, dtype=np.int64)
    inside = (clusters >= 0) & (core >= 0)
    topics[clusters[inside]] = core[inside]
    return topics
