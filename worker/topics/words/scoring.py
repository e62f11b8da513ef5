"""How well n-grams fit topics, and which of them are worth a model's time."""

from collections.abc import Sequence

import numpy as np

from worker.topics.fit import DoubleArray, FloatArray, IntArray
from worker.topics.words.candidates import members
from worker.topics.words.encoders import Candidates, KeywordSpace, unit
from worker.topics.words.sums import summed


def score_terms(space: KeywordSpace, labels: IntArray, weights: DoubleArray) -> DoubleArray:
    """Score every term in every topic, (topics, t): cosine to the topic's centroid, times the root of its weight.

    Args:
        space: of the terms and the documents.
        labels: (n,) int64, -1 for outliers.
        weights: (topics, t) c-TF-IDF.
    """
    centroids = _centroids(space.documents, labels[space.rows], len(weights))
    return _scores(centroids, space.terms, weights)


def worth_encoding(
    candidates: Candidates, columns: Sequence[IntArray], labels: IntArray, weights: DoubleArray, most: int
) -> list[IntArray]:
    """Choose of each topic's terms those that score best with vectors out of the given embeddings.

    A term's vector is the sum of the centered embeddings of the documents that hold it, a topic's that of its own.

    Args:
        candidates: of all topics.
        columns: of each topic, its own.
        labels: (n,) int64, -1 for outliers.
        weights: (topics, t) c-TF-IDF.
        most: terms of a topic.

    Returns:
        Of each topic, at most `most` of its columns, in their order; ties go to the lower one.
    """
    if all(len(own) <= most for own in columns):
        return list(columns)
    embeddings, held = candidates.embeddings, candidates.doc_term_matrix
    mean, own_topic = embeddings.mean(axis=0, dtype=np.float64), members(labels, len(weights)).T
    # Sums first, the mean taken away after: the centered embeddings would be a second copy of the batch's.
    terms, centroids = (
        unit(summed(some, embeddings) - np.outer(some.getnnz(axis=0), mean)) for some in (held, own_topic)
    )
    scores = _scores(centroids, terms, weights)
    ranked = [own[np.lexsort((own, -scores[topic, own]))] for topic, own in enumerate(columns)]
    return [np.sort(own[:most]) for own in ranked]


def _scores(centroids: FloatArray, terms: FloatArray, weights: DoubleArray) -> DoubleArray:
    similarity = np.maximum(centroids @ terms.T, 0.0)
    # Rounded so that the last bits of a product never decide the order.
    scores: DoubleArray = np.round(similarity * np.sqrt(weights), 6)
    return scores


def _centroids(vectors: FloatArray, labels: IntArray, n_topics: int) -> FloatArray:
    return unit(np.stack([vectors[labels == topic].mean(axis=0, dtype=np.float64) for topic in range(n_topics)]))
