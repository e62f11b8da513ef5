"""Guided aspects: which of the aspects that somebody cares about a topic speaks of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from worker.topics.fit import AspectMatch, FloatArray
from worker.topics.words.encoders import Candidates, KeywordEncoder, unit
from worker.topics.words.tokens import tokenize
from worker.topics.words.vocabulary import Vocabulary, denied_key


@dataclass(frozen=True, eq=False)
class Batch:
    """Where seed words are looked up.

    Attributes:
        texts: (n,) the documents.
        embeddings: (n, d) float32, L2-normalized, their given vectors.
        vocabulary: of the documents.
    """

    texts: Sequence[str]
    embeddings: FloatArray
    vocabulary: Vocabulary


def match_aspects(
    keywords: Sequence[FloatArray],
    aspects: Mapping[str, Sequence[str]],
    threshold: float,
    encoder: KeywordEncoder,
    batch: Batch,
) -> tuple[AspectMatch, ...]:
    """Match each topic to the aspect whose seed words' centroid is nearest to its keywords' centroid.

    With corpus vectors a seed has a vector if the batch holds it, or a word of it; an aspect
    of which the batch holds nothing matches no topic.

    Args:
        keywords: for each topic, (words, d) float32, L2-normalized.
        aspects: seed words by the aspect's name.
        threshold: cosine below which a topic is emergent: it speaks of none of them.
        encoder: the one that made the keywords' vectors.
        batch: the documents that the topics are of.
    """
    names = sorted(aspects)
    seeds = [seed for name in names for seed in aspects[name]]
    owner = np.repeat(np.arange(len(names)), [len(aspects[name]) for name in names])
    counts = sparse.hstack([_occurrence(seed, batch.vocabulary) for seed in seeds]).tocsr()
    vectors = encoder.space(Candidates(seeds, counts, batch.texts, batch.embeddings), np.arange(0)).terms
    centroids = unit(np.stack([vectors[owner == aspect].mean(axis=0) for aspect in range(len(names))]))
    topics = unit(np.stack([own.mean(axis=0) for own in keywords]))
    similarity = np.round(topics @ centroids.T, 6)
    best = similarity.argmax(axis=1)
    return tuple(
        AspectMatch(names[aspect], float(similarity[topic, aspect]), bool(similarity[topic, aspect] < threshold))
        for topic, aspect in enumerate(best)
    )


def _occurrence(seed: str, vocabulary: Vocabulary) -> sparse.csr_matrix:
    """Count a seed in each document, (n, 1): as it is, or its words if the batch does not hold it.

    A comment that denies a seed speaks of its aspect too.
    """
    words = tokenize(seed)
    found = _columns([" ".join(words)], vocabulary) or _columns(words, vocabulary)
    counts = vocabulary.doc_term_matrix[:, found].sum(axis=1)
    return sparse.csr_matrix(counts.reshape(-1, 1) if found else np.zeros((vocabulary.doc_term_matrix.shape[0], 1)))


def _columns(terms: Sequence[str], vocabulary: Vocabulary) -> list[int]:
    keys = [key for term in terms for key in (term, denied_key(term))]
    return [vocabulary.columns[key] for key in keys if key in vocabulary.columns]
