"""KeyBERT-inspired keywords: candidates by c-TF-IDF, ranked by meaning, picked for a reader."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import sparse

from worker.topics.fit import BoolArray, DoubleArray, FloatArray, IntArray
from worker.topics.raw_labels import N_LABEL_KEYWORDS
from worker.topics.words.association import npmi
from worker.topics.words.candidates import (
    NAMED_SHARE,
    Tier,
    best,
    holds_common_word,
    members,
    readable,
    said_first,
    shrunk,
    tiers,
    without_common,
)
from worker.topics.words.encoders import Candidates, KeywordEncoder, KeywordSpace, unit
from worker.topics.words.vocabulary import NO_WORD, Vocabulary

N_KEYWORDS = 10
# Documents of each topic that stand for the topic if its documents have to be encoded.
N_TYPICAL = 10
# With four words a topic is named: those of other topics, and those that hardly a comment says, would add only noise.
# What hardly a comment says and another topic owns is better than no keyword, and than nothing else.
ROOM = {
    Tier.OWN: N_KEYWORDS,
    Tier.SHARED: 4,
    Tier.FEW_OWN: N_KEYWORDS,
    Tier.FEW_SHARED: 4,
    Tier.SELDOM_OWN: 4,
    Tier.SELDOM_SHARED: 1,
}
# A unigram with at least this share of its occurrences inside a bigram only repeats it.
REPEATS_BIGRAM = 0.5


@dataclass(frozen=True)
class Keyword:
    """One keyword with its score and its vector in the encoder's space, L2-normalized."""

    term: str
    score: float
    vector: FloatArray


def rank_keywords(
    vocabulary: Vocabulary,
    texts: Sequence[str],
    embeddings: FloatArray,
    encoder: KeywordEncoder,
    labels: IntArray,
    weights: sparse.csr_matrix,
) -> tuple[dict[int, list[Keyword]], int]:
    """Rank each topic's n-grams by similarity to the topic, times the root of their c-TF-IDF.

    The similarity alone prefers near-synonyms that hardly occur, c-TF-IDF (Grootendorst 2022, arXiv 2203.05794) alone
    what is frequent everywhere. If the first four stand in few of a topic's documents, what more of them hold is first.

    Args:
        vocabulary: of the batch.
        texts: (n,) the batch.
        embeddings: (n, d) float32, L2-normalized, the batch.
        encoder: gives n-grams their vectors.
        labels: (n,) int64, -1 for outliers.
        weights: (topics, t) c-TF-IDF.

    Returns:
        The keywords of each topic, best first, none only if it holds no word; and how many n-grams were candidates.
    """
    n_topics = weights.shape[0]
    topics, incidence = members(labels, n_topics), vocabulary.doc_term_matrix.astype(bool).astype(np.int32)
    document_counts, said = (topics @ incidence).tocsr(), readable(topics @ vocabulary.doc_term_matrix, vocabulary)
    weights = shrunk(weights.multiply(said).tocsr(), document_counts)
    per_topic = [best(weights[topic], document_counts[topic]) for topic in range(n_topics)]
    terms = np.unique(np.concatenate(per_topic))
    if len(terms) == 0:
        return {topic: [] for topic in range(n_topics)}, 0
    names = [str(term) for term in vocabulary.terms[terms]]
    space = encoder.space(Candidates(names, incidence[:, terms], texts, embeddings), _typical(labels, embeddings))
    scores = _scores(space, labels, weights[:, terms].toarray())
    counts, sizes = document_counts[:, terms].toarray(), np.bincount(labels[labels >= 0], minlength=n_topics)
    is_common = holds_common_word(terms, vocabulary, document_counts, sizes)
    held, stems = incidence[:, terms].tocsc(), vocabulary.stems[terms]
    keywords = {}
    for topic, own in enumerate(per_topic):
        columns, size = without_common(np.searchsorted(terms, own), is_common), int(sizes[topic])
        # Topic by topic: with many topics, one matrix of all their candidates would take gigabytes.
        together = (held[:, columns].T @ held[:, columns]).toarray()
        choose = partial(pick, stems[columns], scores[topic, columns], together, len(texts))
        tier = tiers(scores[:, columns], topic, counts[topic, columns], size)
        picked = columns[choose(tier)]
        if _n_covered(held[:, picked[:N_LABEL_KEYWORDS]], labels == topic) < NAMED_SHARE * size:
            picked = columns[choose(said_first(tier, counts[topic, columns], size))]
        keywords[topic] = [Keyword(names[i], float(scores[topic, i]), space.terms[i]) for i in picked.tolist()]
    return keywords, len(terms)


def pick(
    stems: IntArray,
    scores: DoubleArray,
    together: IntArray,
    n_documents: int,
    tier: IntArray,
    n_keywords: int = N_KEYWORDS,
) -> list[int]:
    """Choose the keywords that a person reads, best first.

    The next keyword is the one with the highest score, times its mean bond with those chosen before it (`_bonds`):
    words of the same comments describe one thing, near-synonyms from comments that have nothing else in common do
    not. Lower tiers come later, and those of other topics or of a few comments only until there are four keywords
    (`ROOM`): the words of a long comment all occur together, and would name the topic after it.

    Left out are a second form of a chosen word; a word beside itself; a unigram inside a chosen bigram;
    and a bigram around a chosen unigram, unless the bigram makes up most of the unigram's documents:
    then it takes the unigram's place.

    Args:
        stems: (t, 2) int64, as in `Vocabulary`.
        scores: (t,) higher is better; ties go to the first.
        together: (t, t) in how many documents both terms are; the diagonal, the term itself.
        n_documents: of the batch.
        tier: (t,) of `Tier`.
        n_keywords: how many are wanted.

    Returns:
        Positions among the terms.
    """
    words = [frozenset({first} if second == NO_WORD else {first, second}) for first, second in stems.tolist()]
    bonds = _bonds(together, n_documents)
    left = {i for i, (first, second) in enumerate(stems.tolist()) if first != second}
    chosen: list[int] = []
    while left and len(chosen) < n_keywords:
        fit = scores * bonds[:, chosen].mean(axis=1) if chosen else scores
        following = min(left, key=lambda i: (tier[i], -fit[i], -scores[i], i))
        left.remove(following)
        if len(chosen) >= ROOM[Tier(tier[following])]:
            continue
        clashes = [i for i in chosen if words[following] <= words[i] or words[i] <= words[following]]
        if not clashes:
            chosen.append(following)
        elif len(clashes) == 1 and _repeats(clashes[0], following, words, together):
            chosen[chosen.index(clashes[0])] = following
    return chosen


def _n_covered(held: sparse.csc_matrix, is_in: BoolArray) -> int:
    """Count the documents of a topic that hold any of these terms."""
    return int(np.count_nonzero(held.getnnz(axis=1)[is_in]))


def _bonds(together: IntArray, n_documents: int) -> DoubleArray:
    """Map the terms' NPMI to [0, 1]: 0 for terms that never stand in one document, 1 for terms that always do."""
    # Rounded as the scores are, so that the last bits of a logarithm never decide the order.
    return np.where(together > 0, np.round((1 + npmi(together / n_documents)) / 2, 6), 0.0)


def _repeats(unigram: int, bigram: int, words: list[frozenset[int]], together: IntArray) -> bool:
    return words[unigram] < words[bigram] and together[bigram, bigram] >= REPEATS_BIGRAM * together[unigram, unigram]


def _scores(space: KeywordSpace, labels: IntArray, weights: DoubleArray) -> DoubleArray:
    """Score every candidate in every topic: (n_topics, terms)."""
    centroids = _centroids(space.documents, labels[space.rows], len(weights))
    similarity = np.maximum(centroids @ space.terms.T, 0.0)
    # Rounded so that the last bits of a product never decide the order.
    scores: DoubleArray = np.round(similarity * np.sqrt(weights), 6)
    return scores


def _centroids(vectors: FloatArray, labels: IntArray, n_topics: int) -> FloatArray:
    return unit(np.stack([vectors[labels == topic].mean(axis=0, dtype=np.float64) for topic in range(n_topics)]))


def _typical(labels: IntArray, embeddings: FloatArray) -> IntArray:
    """Find the documents of each topic that are nearest to its centroid, in their order."""
    rows = []
    for topic in range(int(labels.max()) + 1):
        own = np.flatnonzero(labels == topic)
        centroid = unit(embeddings[own].mean(axis=0, keepdims=True))[0]
        closeness = np.round(embeddings[own] @ centroid, 6)
        rows.append(own[np.lexsort((own, -closeness))[:N_TYPICAL]])
    return np.sort(np.concatenate(rows))
