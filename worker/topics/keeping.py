"""What a kept model needs of a fit."""

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from worker.topics.fit import TopicFit
from worker.topics.kept_model import TopicModel
from worker.topics.preparation import Prepared
from worker.topics.words.encoders import unit
from worker.topics.words.keywords import Keyword


def keep(prepared: Prepared, fit: TopicFit, keywords: Sequence[Sequence[Keyword]]) -> TopicModel:
    """Collect centroids, keyword vectors and term counts of a fit that is in canonical order."""
    inside = np.flatnonzero(fit.labels >= 0)
    n_topics, n = len(fit.topics), len(fit.labels)
    cells = (np.ones(len(inside), dtype=np.int64), (fit.labels[inside], inside))
    counts = (sparse.csr_matrix(cells, shape=(n_topics, n)) @ prepared.vocabulary.doc_term_matrix).tocsc()
    held = np.flatnonzero(np.diff(counts.indptr))
    counts = counts[:, held].tocsr()
    counts.sort_indices()
    embeddings = prepared.given
    means = [embeddings[fit.labels == topic].mean(axis=0, dtype=np.float64) for topic in range(n_topics)]
    return TopicModel(
        centroids=unit(np.stack(means)),
        keyword_vectors=tuple(np.stack([keyword.vector for keyword in own]) for own in keywords),
        terms=tuple(str(term) for term in prepared.vocabulary.terms[held]),
        counts=counts.data.astype(np.int64),
        columns=counts.indices.astype(np.int64),
        starts=counts.indptr.astype(np.int64),
    )
