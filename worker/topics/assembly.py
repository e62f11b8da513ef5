"""From named topics to the fit that is handed out: outliers placed, measured, in the order of the batch."""

from dataclasses import replace

import numpy as np

from worker.topics.clusters.cluster_labels import by_size
from worker.topics.clusters.outliers import assignment_probabilities, place_outliers, second_topics
from worker.topics.continuity.anchored import core_of
from worker.topics.evaluation import metrics
from worker.topics.extensions import Guidance, SecondTopics
from worker.topics.fit import FloatArray, IntArray, Topic, TopicFit, TopicMetrics
from worker.topics.modelling import Modelled
from worker.topics.preparation import Prepared
from worker.topics.stages import StageClock
from worker.topics.words.academic_aspects import aspects_in_force
from worker.topics.words.aspects import Batch, match_aspects
from worker.topics.words.keywords import Keyword


def assemble(prepared: Prepared, modelled: Modelled, clock: StageClock) -> tuple[TopicFit, list[list[Keyword]]]:
    """Place outliers, number the topics by size, and measure them.

    Returns:
        The fit in canonical order, and each topic's keywords with their vectors.
    """
    params, core = prepared.params, modelled.core
    labels = place_outliers(core, prepared.voters) if params.reduce_outliers else core
    final = by_size(labels)
    before = {int(new): int(old) for new, old in zip(final, labels, strict=True) if new >= 0}
    keywords = [modelled.keywords[before[topic]] for topic in range(len(before))]
    sizes = np.bincount(final[final >= 0])
    fit = TopicFit(
        labels=final,
        probabilities=assignment_probabilities(final, core_of(modelled.clustering, core), prepared.voters),
        topics=tuple(
            Topic(tuple(keyword.term for keyword in own), int(size)) for own, size in zip(keywords, sizes, strict=True)
        ),
        metrics=_measured(prepared, final, keywords),
        parameters=prepared.details(),
        encoder=prepared.encoder.name,
    )
    clock.note(
        topics=len(keywords),
        outliers=int(np.sum(final < 0)),
        outliers_placed=int(np.sum((core < 0) & (final >= 0))),
        encoder=fit.encoder,
        embedding_coherence=round(fit.metrics.embedding_coherence, 4),
    )
    diverse = [modelled.diverse[before[topic]] for topic in range(len(before))] if modelled.diverse else []
    fit = _extended(fit, keywords, diverse, prepared)
    if fit.guidance is not None and fit.guidance.warning:
        clock.warn(fit.guidance.warning)
    return fit, keywords


def in_order_of(order: IntArray, fit: TopicFit) -> TopicFit:
    """Bring a fit without diagnostics from the canonical order back into that of the batch."""
    labels, probabilities = _back(order, fit.labels, fit.probabilities)
    fit = replace(fit, labels=labels, probabilities=probabilities)
    if fit.second is not None:
        fit = replace(fit, second=SecondTopics(*_back(order, fit.second.labels, fit.second.probabilities)))
    return fit


def _back(order: IntArray, labels: IntArray, probabilities: FloatArray) -> tuple[IntArray, FloatArray]:
    back_labels, back_probabilities = np.empty_like(labels), np.empty_like(probabilities)
    back_labels[order], back_probabilities[order] = labels, probabilities
    return back_labels, back_probabilities


def _measured(prepared: Prepared, labels: IntArray, keywords: list[list[Keyword]]) -> TopicMetrics:
    words = [[keyword.term for keyword in topic] for topic in keywords]
    return TopicMetrics(
        npmi_coherence=metrics.npmi_coherence(words, prepared.vocabulary),
        topic_diversity=metrics.topic_diversity(words),
        outlier_ratio=float(np.mean(labels < 0)),
        silhouette_score=metrics.silhouette_score(prepared.given, labels, prepared.device),
        embedding_coherence=metrics.embedding_coherence(_vectors(keywords)),
    )


def _extended(
    fit: TopicFit, keywords: list[list[Keyword]], diverse: list[tuple[str, ...]], prepared: Prepared
) -> TopicFit:
    """Add what was asked for beyond the contract's own fields."""
    params, corpus = prepared.params, prepared.corpus
    aspects = aspects_in_force(params)
    if aspects is not None:
        batch = Batch(corpus.texts, prepared.given, prepared.vocabulary)
        matches, warning = match_aspects(_vectors(keywords), aspects, params.match_threshold, prepared.encoder, batch)
        fit = replace(fit, guidance=Guidance(matches, tuple(diverse), warning))
    if aspects is not None or params.multi_topic:
        second = second_topics(fit.labels, fit.probabilities, corpus.embeddings, params.second_topic)
        fit = replace(fit, second=second)
    return fit


def _vectors(keywords: list[list[Keyword]]) -> list[FloatArray]:
    return [np.stack([keyword.vector for keyword in topic]) for topic in keywords]
