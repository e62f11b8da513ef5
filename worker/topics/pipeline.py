"""The stages of a batch in order, around BERTopic's own class."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from worker.topics.adaptation import FEWEST_DOCUMENTS, AdaptedParams, adapt
from worker.topics.bertopic.parts import BaseCluster, BaseDimensionalityReduction, BERTopic
from worker.topics.bertopic.representation import KeywordRanking
from worker.topics.bertopic.sockets import ClusteringSocket, NoClusters, ReductionSocket, TermWeights
from worker.topics.bertopic.vectorizer import NgramVectorizer, for_bertopic
from worker.topics.clusters.clustering import Clustering, EqualVectors, by_size
from worker.topics.clusters.outliers import N_VOTERS, assignment_probabilities, place_outliers, second_topics
from worker.topics.corpus import Corpus
from worker.topics.evaluation import metrics
from worker.topics.evaluation.diagnosis import diagnose as explain_fit
from worker.topics.evaluation.diagnosis import in_order_of
from worker.topics.fit import (
    FloatArray,
    IntArray,
    NoTopics,
    OnStage,
    SecondTopics,
    Stage,
    Topic,
    TopicFit,
    TopicMetrics,
    TopicParams,
)
from worker.topics.graph.neighbors import Neighbors
from worker.topics.graph.reduction import Reduction
from worker.topics.preparation import Preparation
from worker.topics.stages import StageClock
from worker.topics.words.academic_aspects import aspects_in_force
from worker.topics.words.aspects import match_aspects
from worker.topics.words.encoders import KeywordEncoder, unit
from worker.topics.words.keywords import N_KEYWORDS, Keyword
from worker.topics.words.vocabulary import Vocabulary

WARM_UP_DIMENSIONS = 768


def fit_topics(
    texts: Sequence[str],
    embeddings: FloatArray,
    params: TopicParams,
    *,
    encoder: KeywordEncoder,
    device: str,
    on_stage: OnStage,
    diagnose: bool = False,
    preparation: Preparation | None = None,
) -> TopicFit | NoTopics:
    """Find the topics of a batch; the order of its items does not matter.

    Args:
        texts: (n,) the documents. Not edited.
        embeddings: (n, d) float32, L2-normalized, no zero row. Not modified.
        params: what was asked for.
        encoder: gives keywords their vectors; its cache is all that outlives the batch.
        device: "cpu" or "cuda:N".
        on_stage: called when a stage begins and when it ends.
        diagnose: whether to add what explains the fit; the fit itself does not change.
        preparation: of the same texts and embeddings, where several fits share it.

    Returns:
        The topics, labels in the order of `texts`, or why there are none.
    """
    n = len(texts)
    if n < FEWEST_DOCUMENTS:
        return NoTopics.NO_CLUSTERS
    clock = StageClock(on_stage)
    adapted = adapt(params, n)
    prepared = preparation or Preparation(texts, embeddings, device)
    corpus = prepared.corpus

    clock.enter(Stage.NEIGHBOURS)
    neighbors = prepared.neighbors(max(adapted.n_neighbors - 1, N_VOTERS))
    clock.note(documents=n, **adapted.details())
    vocabulary = prepared.vocabulary(params.stop_words)
    if not len(vocabulary.terms):
        clock.finish()
        return NoTopics.NO_KEYWORDS
    clustering = _clustering(corpus, adapted)
    modelled = _model(corpus, vocabulary, neighbors, clustering, adapted, encoder, device, clock, params.stop_words)
    if isinstance(modelled, NoTopics):
        clock.finish()
        return modelled

    clock.enter(Stage.EVALUATE)
    core, keywords = modelled
    voters = neighbors.indices[:, :N_VOTERS]
    labels = place_outliers(core, voters) if params.reduce_outliers else core
    clock.note(outliers_placed=int(np.sum((core < 0) & (labels >= 0))))
    fit, ordered = _evaluate(corpus, vocabulary, voters, core, labels, keywords, device, adapted, encoder)
    fit = _extended(fit, ordered, params, corpus, vocabulary, encoder)
    clock.note(encoder=encoder.name, embedding_coherence=round(fit.metrics.embedding_coherence, 4))
    clock.finish()
    if diagnose:
        diagnostics = explain_fit(
            fit, core, corpus, vocabulary, neighbors, clustering, ordered, adapted.n_neighbors, device
        )
        fit = replace(fit, diagnostics=in_order_of(prepared.order, diagnostics))
    return _in_order_of(prepared.order, fit)


def warm_up(encoder: KeywordEncoder, device: str) -> None:
    """Run a small made-up batch, so that no job waits for a compiler or a first kernel."""
    rng = np.random.default_rng(0)
    centers = np.repeat(rng.normal(size=(3, WARM_UP_DIMENSIONS)), 20, axis=0)
    embeddings = unit(centers + 0.3 * rng.normal(size=centers.shape))
    themes, words = ("clear", "fair", "late"), ("voice", "jokes", "zoom", "grade")
    texts = [f"{themes[i // 20]} {words[i % 4]}" for i in range(60)]
    fit_topics(texts, embeddings, TopicParams(), encoder=encoder, device=device, on_stage=lambda _: None)


def _model(
    corpus: Corpus,
    vocabulary: Vocabulary,
    neighbors: Neighbors,
    clustering: Clustering | EqualVectors,
    adapted: AdaptedParams,
    encoder: KeywordEncoder,
    device: str,
    clock: StageClock,
    stop_words: tuple[str, ...],
) -> tuple[IntArray, list[list[Keyword]]] | NoTopics:
    ranking = KeywordRanking(encoder, vocabulary, corpus.texts, corpus.embeddings)
    documents = for_bertopic(corpus.texts)
    model = BERTopic(
        # Any other language deletes every letter that is not ASCII.
        language="multilingual",
        top_n_words=N_KEYWORDS,
        n_gram_range=(1, 2),
        min_topic_size=adapted.min_cluster_size,
        # Merging happens in the clustering: there it costs no second c-TF-IDF, and counts real topics.
        nr_topics=None,
        umap_model=_reduction(corpus, neighbors, adapted, device, clock),
        hdbscan_model=ClusteringSocket(clustering, clock),
        vectorizer_model=NgramVectorizer(vocabulary, documents, stop_words),
        ctfidf_model=TermWeights(),
        representation_model=ranking,
    )
    try:
        topics, _ = model.fit_transform(documents, corpus.embeddings)
    except NoClusters:
        return NoTopics.NO_CLUSTERS
    # As in a loaded model: what the parts hold is this batch's, new documents go by topic vectors.
    model.umap_model, model.hdbscan_model = BaseDimensionalityReduction(), BaseCluster()
    clock.note(candidates=ranking.n_candidates_)
    core = np.array(topics, dtype=np.int64)
    keywords = [ranking.keywords_[topic] for topic in range(int(core.max()) + 1)]
    return _with_keywords(core, keywords)


def _reduction(
    corpus: Corpus, neighbors: Neighbors, adapted: AdaptedParams, device: str, clock: StageClock
) -> ReductionSocket | BaseDimensionalityReduction:
    if _hardly_distinct(corpus, adapted):
        return BaseDimensionalityReduction()
    return ReductionSocket(Reduction(neighbors, adapted.n_neighbors, adapted.n_components, device), clock)


def _clustering(corpus: Corpus, adapted: AdaptedParams) -> Clustering | EqualVectors:
    if _hardly_distinct(corpus, adapted):
        return EqualVectors(corpus.vectors, adapted.min_cluster_size, adapted.n_topics, corpus.embeddings)
    return Clustering(
        corpus.embeddings,
        corpus.copies,
        min_cluster_size=adapted.min_cluster_size,
        min_samples=adapted.min_samples,
        n_topics=adapted.n_topics,
    )


def _hardly_distinct(corpus: Corpus, adapted: AdaptedParams) -> bool:
    """Tell whether every point's neighbours would be its own copies, so that UMAP sees no shape."""
    return 2 * (int(corpus.vectors.max()) + 1) <= adapted.n_neighbors


def _with_keywords(core: IntArray, keywords: list[list[Keyword]]) -> tuple[IntArray, list[list[Keyword]]] | NoTopics:
    """Dissolve topics that have not one word to be named by; their documents become outliers."""
    named = [topic for topic, words in enumerate(keywords) if words]
    if not named:
        return NoTopics.NO_KEYWORDS
    numbers = np.full(len(keywords) + 1, -1, dtype=np.int64)
    numbers[named] = np.arange(len(named))
    return numbers[core], [keywords[topic] for topic in named]


def _evaluate(
    corpus: Corpus,
    vocabulary: Vocabulary,
    voters: IntArray,
    core: IntArray,
    labels: IntArray,
    keywords: list[list[Keyword]],
    device: str,
    adapted: AdaptedParams,
    encoder: KeywordEncoder,
) -> tuple[TopicFit, list[list[Keyword]]]:
    final = by_size(labels)
    sizes = np.bincount(final[final >= 0])
    before = {int(new): int(old) for new, old in zip(final, labels, strict=True) if new >= 0}
    ordered = [keywords[before[topic]] for topic in range(len(sizes))]
    words = [[keyword.term for keyword in topic] for topic in ordered]
    fit = TopicFit(
        labels=final,
        probabilities=assignment_probabilities(final, core, voters),
        topics=tuple(Topic(tuple(own), int(size)) for own, size in zip(words, sizes, strict=True)),
        metrics=TopicMetrics(
            npmi_coherence=metrics.npmi_coherence(words, vocabulary),
            topic_diversity=metrics.topic_diversity(words),
            outlier_ratio=float(np.mean(final < 0)),
            silhouette_score=metrics.silhouette_score(corpus.embeddings, final, device),
            embedding_coherence=metrics.embedding_coherence([np.stack([k.vector for k in topic]) for topic in ordered]),
        ),
        parameters=adapted.details(),
        encoder=encoder.name,
    )
    return fit, ordered


def _extended(
    fit: TopicFit,
    keywords: list[list[Keyword]],
    params: TopicParams,
    corpus: Corpus,
    vocabulary: Vocabulary,
    encoder: KeywordEncoder,
) -> TopicFit:
    """Add what was asked for beyond the contract's own fields."""
    aspects = aspects_in_force(params)
    if aspects is not None:
        vectors = [np.stack([keyword.vector for keyword in topic]) for topic in keywords]
        matches = match_aspects(
            vectors, aspects, params.match_threshold, encoder, vocabulary, corpus.texts, corpus.embeddings
        )
        fit = replace(fit, aspects=matches)
    if params.multi_topic:
        fit = replace(fit, second=second_topics(fit.labels, fit.probabilities, corpus.embeddings))
    return fit


def _in_order_of(order: IntArray, fit: TopicFit) -> TopicFit:
    labels, probabilities = np.empty_like(fit.labels), np.empty_like(fit.probabilities)
    labels[order], probabilities[order] = fit.labels, fit.probabilities
    fit = replace(fit, labels=labels, probabilities=probabilities)
    if fit.second is not None:
        labels, probabilities = np.empty_like(fit.second.labels), np.empty_like(fit.second.probabilities)
        labels[order], probabilities[order] = fit.second.labels, fit.second.probabilities
        fit = replace(fit, second=SecondTopics(labels, probabilities))
    return fit
