"""What explains a fit: a map, the clusters before merging, and each topic's own measures."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from worker.topics.diagnostics import Diagnostics
from worker.topics.evaluation import metrics
from worker.topics.evaluation.coverage import coverage
from worker.topics.evaluation.islands import pack_islands
from worker.topics.evaluation.part_finder import PartFinder
from worker.topics.evaluation.trust import cohesion, denied_shares
from worker.topics.fit import FloatArray, IntArray, TopicFit
from worker.topics.graph.reduction import Reduction
from worker.topics.modelling import Modelled
from worker.topics.preparation import Prepared
from worker.topics.words.encoders import unit
from worker.topics.words.keywords import Keyword

N_MAP_DIMENSIONS = 2
# A layout needs more points than dimensions.
_FEWEST_FOR_UMAP = N_MAP_DIMENSIONS + 3


def diagnose(
    prepared: Prepared, modelled: Modelled, fit: TopicFit, keywords: Sequence[Sequence[Keyword]]
) -> Diagnostics:
    """Collect what explains a fit; everything in the order of the corpus.

    Args:
        prepared: what the fit went by.
        modelled: the topics before placing.
        fit: its labels in the order of the corpus.
        keywords: of each topic of the fit.
    """
    words = [[keyword.term for keyword in topic] for topic in keywords]
    npmi = [score or 0.0 for score in metrics.topic_npmi(words, prepared.vocabulary)]
    coherence = [metrics.embedding_coherence([np.stack([k.vector for k in topic])]) for topic in keywords]
    core = np.where(modelled.core >= 0, fit.labels, -1)
    embeddings, n_topics = prepared.corpus.embeddings, len(fit.topics)
    clustering, voters = modelled.clustering, prepared.voters
    coordinates = pack_islands(_map(prepared))
    cluster_topics = _cluster_topics(clustering.cluster_labels_, core)
    similarities, rivals = cohesion(embeddings, fit.labels, n_topics)
    covered = coverage(embeddings, fit.labels, rivals, words, prepared.vocabulary)
    finder = PartFinder(coordinates, embeddings, prepared.vocabulary)
    return Diagnostics(
        coordinates=coordinates,
        core=core,
        clusters=clustering.cluster_labels_,
        strengths=clustering.strengths(),
        neighbors=voters.neighbors,
        has_vote=voters.has_vote,
        distances=voters.distances,
        reach=voters.reach(core),
        silhouettes=_silhouettes(embeddings, fit.labels, prepared.device),
        closeness=_closeness(embeddings, fit.labels, n_topics),
        topic_similarity=_topic_similarity(embeddings, fit.labels, n_topics),
        npmi=np.array(npmi, dtype=np.float32),
        coherence=np.array(coherence, dtype=np.float32),
        coverage=covered.own,
        elsewhere=covered.elsewhere,
        at_rival=covered.at_rival,
        told=covered.told,
        cohesion=similarities,
        rivals=rivals,
        denied=denied_shares(fit.labels, words, prepared.vocabulary),
        merges=clustering.merges_,
        cluster_topics=cluster_topics,
        parts=finder.parts(clustering.cluster_labels_, cluster_topics, clustering.merges_),
    )


def in_order_of(order: IntArray, diagnostics: Diagnostics) -> Diagnostics:
    """Bring diagnostics from the canonical order back into that of the batch."""
    position = np.empty_like(order)
    position[order] = np.arange(len(order))
    by_document = {
        name: getattr(diagnostics, name)[position]
        for name in (
            "coordinates",
            "core",
            "clusters",
            "strengths",
            "has_vote",
            "distances",
            "silhouettes",
            "closeness",
        )
    }
    parts = tuple(
        replace(part, rows=np.sort(order[part.rows]), typical=int(order[part.typical])) for part in diagnostics.parts
    )
    trials = tuple(replace(trial, labels=trial.labels[position]) for trial in diagnostics.trials)
    neighbors = order[diagnostics.neighbors[position]]
    return replace(diagnostics, neighbors=neighbors, parts=parts, trials=trials, **by_document)


def _map(prepared: Prepared) -> FloatArray:
    corpus, n_neighbors = prepared.corpus, prepared.adapted.n_neighbors
    n_vectors = int(corpus.vectors.max()) + 1
    if len(corpus.texts) < _FEWEST_FOR_UMAP or 2 * n_vectors <= n_neighbors:
        return _principal_plane(corpus.embeddings)
    reduction = Reduction(prepared.neighbors, n_neighbors, N_MAP_DIMENSIONS, prepared.device)
    return reduction.fit_transform(corpus.embeddings)


def _principal_plane(embeddings: FloatArray) -> FloatArray:
    """Project on the two first principal axes, if UMAP would see no shape."""
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


def _cluster_topics(clusters: IntArray, core: IntArray) -> IntArray:
    topics = np.full(int(clusters.max(initial=-1)) + 1, -1, dtype=np.int64)
    inside = (clusters >= 0) & (core >= 0)
    topics[clusters[inside]] = core[inside]
    return topics
