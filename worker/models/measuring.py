"""The metrics of a batch that was assigned to a kept model."""

from collections.abc import Sequence

import numpy as np

from worker.models.model import KeptTopic
from worker.topics.arrays import FloatArray, IntArray
from worker.topics.engine import Engine
from worker.topics.evaluation import metrics
from worker.topics.fit import TopicMetrics
from worker.topics.preparation import Preparation
from worker.topics.words.encoders import Candidates, KeywordEncoder
from worker.topics.words.vocabulary import Vocabulary


def measured(
    topics: Sequence[KeptTopic], labels: IntArray, preparation: Preparation, vocabulary: Vocabulary, engine: Engine
) -> TopicMetrics:
    """Measure the topics of a batch, by those of their keywords that the batch holds.

    Args:
        topics: of the model.
        labels: (n,) int64, numbers of topics in canonical order, -1 for outliers.
        preparation: of the batch.
        vocabulary: of the batch.
        engine: whose encoder gives the keywords their vectors.
    """
    present = set(labels.tolist())
    known = {str(term) for term in vocabulary.terms}
    words = [[word for word in topic.keywords if word in known] for topic in topics if topic.number in present]
    words = [own for own in words if own]
    return TopicMetrics(
        npmi_coherence=metrics.npmi_coherence(words, vocabulary) if words else 0.0,
        topic_diversity=metrics.topic_diversity(words) if words else 0.0,
        outlier_ratio=float(np.mean(labels < 0)),
        silhouette_score=metrics.silhouette_score(preparation.given, labels, engine.device),
        embedding_coherence=metrics.embedding_coherence(_vectors(words, preparation, vocabulary, engine.encoder)),
    )


def _vectors(
    words: Sequence[Sequence[str]], preparation: Preparation, vocabulary: Vocabulary, encoder: KeywordEncoder | None
) -> list[FloatArray]:
    names = sorted({word for own in words for word in own})
    if encoder is None or not names:
        return []
    corpus = preparation.corpus
    held = vocabulary.doc_term_matrix[:, vocabulary.columns_of(names)].astype(bool).astype(np.int32)
    # No documents: only the words' vectors are wanted.
    candidates = Candidates(names, held, corpus.texts, corpus.embeddings)
    vectors = encoder.space(candidates, lambda: np.empty(0, dtype=np.int64)).terms
    return [vectors[[names.index(word) for word in own]] for own in words]
