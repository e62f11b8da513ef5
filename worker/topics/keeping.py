"""What a kept model and BERTopic's own object need of a fit."""

import numpy as np
from scipy import sparse

from worker.topics.fit import TopicFit
from worker.topics.preparation import Prepared
from worker.topics.traits import TopicTraits
from worker.topics.words.candidates import members
from worker.topics.words.encoders import unit


def topic_traits(prepared: Prepared, fit: TopicFit) -> TopicTraits:
    """Collect centroids and term counts of a fit that is in canonical order."""
    n_topics = len(fit.topics)
    topics, held = members(fit.labels, n_topics), prepared.vocabulary.doc_term_matrix
    counts, documents = _rows(topics @ held), _rows(topics @ held.astype(bool).astype(np.int32))
    used = np.unique(counts.indices)
    embeddings = prepared.given
    means = [embeddings[fit.labels == topic].mean(axis=0, dtype=np.float64) for topic in range(n_topics)]
    return TopicTraits(
        centroids=unit(np.stack(means)),
        terms=tuple(str(term) for term in prepared.vocabulary.terms[used]),
        counts=counts.data.astype(np.int64),
        documents=documents.data.astype(np.int64),
        columns=np.searchsorted(used, counts.indices).astype(np.int64),
        starts=counts.indptr.astype(np.int64),
    )


def _rows(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    rows: sparse.csr_matrix = matrix.tocsr()
    rows.sort_indices()
    return rows
