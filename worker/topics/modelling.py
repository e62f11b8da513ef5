"""BERTopic's own class around our stages: from a prepared batch to named topics."""

from dataclasses import dataclass

import numpy as np

from worker.topics.adaptation import FEWEST_DOCUMENTS
from worker.topics.bertopic.parts import BaseCluster, BaseDimensionalityReduction, BERTopic
from worker.topics.bertopic.representation import KeywordRanking
from worker.topics.bertopic.sub_models import (
    ClusteringSubModel,
    LeanBERTopic,
    NoClusters,
    ReductionSubModel,
    TermWeights,
)
from worker.topics.bertopic.vectorizer import NgramVectorizer, for_bertopic
from worker.topics.clusters.clustering import Clustering, EqualVectors
from worker.topics.clusters.hierarchy import Hierarchy
from worker.topics.clusters.outliers import place_outliers
from worker.topics.continuity.anchored import AnchoredClustering
from worker.topics.fit import FloatArray, IntArray, NoTopics, NoTopicsReason, Shortfall
from worker.topics.graph.reduction import Reduction
from worker.topics.naming import settle_names
from worker.topics.preparation import Prepared
from worker.topics.stages import StageClock
from worker.topics.words.keywords import N_KEYWORDS, Keyword, diversified

# Hierarchies of one layout, by the `min_samples` that they were made with.
Hierarchies = dict[int, Hierarchy]
# Keywords of a topic from which the diverse ones are chosen.
N_POOL = 30


@dataclass(frozen=True, eq=False)
class Modelled:
    """The topics before outliers are placed.

    Attributes:
        model: BERTopic's, fitted; its topics are numbered as they were before any was dissolved or joined.
        clustering: fitted.
        core: (n,) int64, -1 for outliers.
        keywords: of each topic, best first; none is without.
        diverse: of each topic, its keywords by maximal marginal relevance; empty if aspects were not asked for.
    """

    model: BERTopic
    clustering: Clustering | EqualVectors | AnchoredClustering
    core: IntArray
    keywords: list[list[Keyword]]
    diverse: list[tuple[str, ...]]


def model_topics(prepared: Prepared, clock: StageClock) -> Modelled | NoTopics:
    """Reduce, cluster and rank keywords; each stage is reported to the clock."""
    corpus, adapted = prepared.corpus, prepared.adapted
    ranking = KeywordRanking(prepared.encoder, prepared.vocabulary, corpus.texts, prepared.given)
    clustering = _clustering(prepared)
    documents = for_bertopic(len(corpus.texts))
    model = LeanBERTopic(
        # Any other language deletes every letter that is not ASCII.
        language="multilingual",
        top_n_words=N_KEYWORDS,
        n_gram_range=(1, 2),
        min_topic_size=adapted.min_cluster_size,
        # Merging happens in the clustering: there it costs no second c-TF-IDF, and counts real topics.
        nr_topics=None,
        umap_model=_reduction(prepared, clock),
        hdbscan_model=ClusteringSubModel(clustering, clock),
        vectorizer_model=NgramVectorizer(prepared.vocabulary, prepared.params.stop_words),
        ctfidf_model=TermWeights(),
        representation_model=ranking,
    )
    try:
        topics, _ = model.fit_transform(documents, corpus.embeddings)
    except NoClusters:
        return _why_none(clustering, len(documents))
    # As in a loaded model: what the parts hold is this batch's, new documents go by topic vectors.
    model.umap_model, model.hdbscan_model = BaseDimensionalityReduction(), BaseCluster()
    core = np.array(topics, dtype=np.int64)
    ranked = [ranking.keywords_[topic] for topic in range(int(core.max()) + 1)]
    named = settle_names(core, ranked, prepared.vocabulary)
    clock.note(candidates=ranking.n_candidates_)
    clock.note_if_any(topics_without_words_dissolved=named.n_dissolved, topics_of_one_name_joined=named.n_joined)
    if not named.keywords:
        return NoTopics.NO_KEYWORDS
    return Modelled(model, clustering, named.labels, named.keywords, _diverse(prepared, ranking, named.origins))


def _diverse(prepared: Prepared, ranking: KeywordRanking, origins: list[int]) -> list[tuple[str, ...]]:
    """Choose diverse keywords for each topic, if topics are matched to aspects."""
    if not prepared.params.is_guided or ranking.ranking_ is None:
        return []
    pools = [ranking.ranking_.keywords(topic, N_POOL) for topic in origins]
    chosen = [diversified(pool, prepared.params.mmr_diversity) for pool in pools]
    return [tuple(keyword.term for keyword in own) for own in chosen]


def topics_anew(prepared: Prepared) -> IntArray:
    """Give the topics that the documents have by themselves, without words: (n,) int64, -1 for outliers."""
    return topics_on(prepared, layout_of(prepared))


def layout_of(prepared: Prepared) -> FloatArray:
    """Lay the documents out in the space in which they are clustered: (n, n_components) float32."""
    embeddings = prepared.corpus.embeddings
    return embeddings if _is_hardly_distinct(prepared) else _umap(prepared).fit_transform(embeddings)


def topics_on(prepared: Prepared, coordinates: FloatArray, hierarchies: Hierarchies | None = None) -> IntArray:
    """Give the topics of documents that were laid out, without words: (n,) int64, -1 for outliers.

    Args:
        prepared: what they go by.
        coordinates: (n, n_components) float32, the layout.
        hierarchies: of the same layout, which are not built again; a new one is added. None to keep none.
    """
    clustering, known = _fresh_clustering(prepared), {} if hierarchies is None else hierarchies
    if isinstance(clustering, Clustering):
        if clustering.min_samples not in known:
            known[clustering.min_samples] = Hierarchy(coordinates, clustering.min_samples)
        labels = clustering.cut(known[clustering.min_samples]).labels_
    else:
        labels = clustering.fit(coordinates).labels_
    return place_outliers(labels, prepared.voters) if prepared.params.reduce_outliers else labels


def _why_none(clustering: Clustering | EqualVectors | AnchoredClustering, n_documents: int) -> NoTopics:
    if clustering.groups_.n_dissolved:
        return NoTopics.NO_KEYWORDS
    return no_clusters(clustering.min_cluster_size, n_documents, clustering.largest_)


def no_clusters(wanted: int, n_documents: int, largest: int) -> NoTopics:
    """Say that there is no group of `wanted` similar documents."""
    return NoTopics(NoTopicsReason.NO_CLUSTERS, Shortfall(wanted, n_documents, largest))


def _reduction(prepared: Prepared, clock: StageClock) -> ReductionSubModel | BaseDimensionalityReduction:
    if _is_hardly_distinct(prepared):
        return BaseDimensionalityReduction()
    return ReductionSubModel(_umap(prepared), clock)


def _umap(prepared: Prepared) -> Reduction:
    adapted = prepared.adapted
    return Reduction(prepared.neighbors, adapted.n_neighbors, adapted.n_components, prepared.device, prepared.layouts)


def _clustering(prepared: Prepared) -> Clustering | EqualVectors | AnchoredClustering:
    fresh, earlier, corpus = _fresh_clustering(prepared), prepared.earlier, prepared.corpus
    if earlier is None or not prepared.keeps_topics:
        return fresh
    return AnchoredClustering(
        fresh, earlier.labels, copies=corpus.copies, voters=prepared.voters, embeddings=corpus.embeddings
    )


def _fresh_clustering(prepared: Prepared) -> Clustering | EqualVectors:
    corpus, adapted, words = prepared.corpus, prepared.adapted, prepared.words
    if _is_hardly_distinct(prepared):
        return EqualVectors(corpus.vectors, adapted.min_cluster_size, adapted.n_topics, corpus.embeddings, words)
    return Clustering(
        corpus.embeddings,
        corpus.copies,
        min_cluster_size=adapted.min_cluster_size,
        min_samples=adapted.min_samples,
        n_topics=adapted.n_topics,
        words=words,
    )


def _is_hardly_distinct(prepared: Prepared) -> bool:
    """Tell whether UMAP would see no shape: too few points, or every point's neighbors are its own copies."""
    corpus = prepared.corpus
    n_vectors = int(corpus.vectors.max()) + 1
    return len(corpus.texts) < FEWEST_DOCUMENTS or 2 * n_vectors <= prepared.adapted.n_neighbors
