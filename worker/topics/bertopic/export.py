"""BERTopic's object of a batch, in the numbers of the response, saved as `BERTopic.load` reads it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer

from worker.topics.bertopic.parts import BERTopic, TopicMapper
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
    model.save(str(folder), serialization="safetensors", save_ctfidf=True, save_embedding_model=False)
