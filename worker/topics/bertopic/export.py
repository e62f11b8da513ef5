"""BERTopic's object of a batch, in the numbers of the response, saved as `BERTopic.load` reads it."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer

from worker.topics.bertopic.parts import BaseCluster, BaseDimensionalityReduction, BERTopic, TopicMapper
from worker.topics.bertopic.vector_model import ExportedTopic
from worker.topics.fit import IntArray
from worker.topics.traits import TopicTraits
from worker.topics.words.keywords import Keyword


def renumber(model: BERTopic, labels: IntArray, traits: TopicTraits, keywords: Sequence[Sequence[Keyword]]) -> None:
    """Bring a fitted model to the topics of the response: after dissolving, joining, placing and sorting by size.

    Afterwards `transform(documents, embeddings)` gives the response's numbers, by the nearest topic vector. No comment
    stays in the model.

    Args:
        model: fitted; changed.
        labels: (n,) int64, in the order that `topics_` is to have, -1 for outliers.
        traits: of the same topics.
        keywords: of each topic, best first.
    """
    has_outliers = bool((labels < 0).any())
    model.topics_ = labels.tolist()
    numbers, sizes = np.unique(labels, return_counts=True)
    model.topic_sizes_ = {int(number): int(size) for number, size in zip(numbers, sizes, strict=True)}
    words = {topic: [(keyword.term, keyword.score) for keyword in own] for topic, own in enumerate(keywords)}
    outliers = {-1: model.topic_representations_.get(-1, [("", 0.0)])} if has_outliers else {}
    model.topic_representations_ = outliers | words
    model.topic_aspects_, model.custom_labels_, model.representative_docs_ = {}, None, {}
    model.topic_mapper_ = TopicMapper(labels.tolist())
    # A row of zeros is near no comment. The outliers' mean would be nearest to those that are like the whole batch.
    rows = [np.zeros((1, traits.centroids.shape[1]), dtype=np.float32)] if has_outliers else []
    model.topic_embeddings_ = np.concatenate([*rows, traits.centroids])
    empty = [sparse.csr_matrix((1, len(traits.terms)), dtype=np.int64)] if has_outliers else []
    counts = sparse.csr_matrix(
        (traits.counts, traits.columns, traits.starts), shape=(len(traits.centroids), len(traits.terms)), dtype=np.int64
    )
    model.c_tf_idf_ = model.ctfidf_model.fit(counts).transform(sparse.vstack([*empty, counts]).tocsr())
    # Ours holds the comments; this one takes the names of the terms apart at blanks.
    vectorizer = CountVectorizer(ngram_range=(1, 2), token_pattern=r"\S+")  # noqa: S106 - no password
    vectorizer.vocabulary_ = {term: column for column, term in enumerate(traits.terms)}
    model.vectorizer_model = vectorizer


def save(model: BERTopic, folder: Path) -> None:
    """Write a model that was renumbered; no pickle, no comment.

    Raises:
        OSError: the folder cannot be written.
    """
    _write(model, folder, ctfidf=True)


def save_vectors(topics: Sequence[ExportedTopic], n_outliers: int, dimension: int, folder: Path) -> None:
    """Write topics that were kept without their documents; no pickle, no c-TF-IDF.

    The loaded model's `transform(documents, embeddings)` gives the number of the topic whose vector is nearest.

    Args:
        topics: by rising number; numbers may be missing in between.
        n_outliers: documents in none of them.
        dimension: of the vectors.
        folder: made if need be.

    Raises:
        OSError: the folder cannot be written.
    """
    numbers = [-1, *(topic.number for topic in topics)]
    model = BERTopic(umap_model=BaseDimensionalityReduction(), hdbscan_model=BaseCluster())
    model.topics_ = numbers
    model.topic_sizes_ = {-1: n_outliers} | {topic.number: topic.size for topic in topics}
    model.topic_representations_ = {-1: [("", 0.0)]} | {topic.number: list(topic.words) for topic in topics}
    model.custom_labels_ = ["outliers", *(topic.name for topic in topics)]
    model.topic_mapper_ = TopicMapper(numbers)
    # BERTopic gives the row of the nearest vector, less one for the outliers': each number needs its row, the missing
    # ones too. A row of zeros is near no document; if all others are farther, the first of them wins, the outliers'.
    vectors = np.zeros((max(numbers) + 2, dimension), dtype=np.float32)
    for topic in topics:
        if topic.vector is not None:
            vectors[topic.number + 1] = topic.vector / np.linalg.norm(topic.vector)
    model.topic_embeddings_ = vectors
    _write(model, folder, ctfidf=False)


def _write(model: BERTopic, folder: Path, *, ctfidf: bool) -> None:
    logger = logging.getLogger("BERTopic")
    level = logger.level
    # It would advise to name the model that made the embeddings, so that loading fetches it.
    logger.setLevel(logging.ERROR)
    try:
        model.save(str(folder), serialization="safetensors", save_ctfidf=ctfidf, save_embedding_model=False)
    finally:
        logger.setLevel(level)
