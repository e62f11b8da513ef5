"""KeyBERT-inspired keywords: candidates by c-TF-IDF, ranked by meaning, picked for a reader."""

from collections.abc import Sequence
from dataclasses import dataclass

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
from worker.topics.words.encoders import Candidates, KeywordEncoder, unit
from worker.topics.words.scoring import score_terms, worth_encoding
from worker.topics.words.vocabulary import NO_WORD, Vocabulary

N_KEYWORDS = 10
# Documents of each topic that stand for the topic if its documents have to be encoded.
N_TYPICAL = 10
# With four words a topic is named: those of other topics, and those that hardly a comment says, would add only noise.
# What hardly a comment says and another topic owns is better than no keyword, and than nothing else.
ROOM = {Tier.SHARED: 4, Tier.FEW_SHARED: 4, Tier.SELDOM_OWN: 4, Tier.SELDOM_SHARED: 1}
# A unigram with at least this share of its occurrences inside a bigram only repeats it.
REPEATS_BIGRAM = 0.5


@dataclass(frozen=True)
class Keyword:
    """One keyword with its score and its vector in the encoder's space, L2-normalized."""

    term: str
    score: float
    vector: FloatArray


@dataclass(frozen=True, eq=False)
class Ranking:
    """The candidates of a batch's topics, ranked.

    Attributes:
        names: (t,) the candidates of all topics.
        vectors: (t, d) float32, L2-normalized, in the encoder's space.
        scores: (topics, t).
        columns: of each topic, its own candidates.
        tiers: of each topic, how well each of these names it.
        held: (n, t) CSC, whether a document holds a candidate.
        stems: (t, 2) int64, as in `Vocabulary`.
    """

    names: list[str]
    vectors: FloatArray
    scores: DoubleArray
    columns: list[IntArray]
    tiers: list[IntArray]
    held: sparse.csc_matrix
    stems: IntArray

    def picked(self, topic: int, n_keywords: int = N_KEYWORDS) -> IntArray:
        """Choose a topic's keywords, best first, none only if it holds no word; see `pick`."""
        columns = self.columns[topic]
        if not len(columns):
            return columns
        # Topic by topic: with many topics, one matrix of all their candidates would take gigabytes.
        together = (self.held[:, columns].T @ self.held[:, columns]).toarray()
        scores = self.scores[topic, columns]
        chosen = pick(self.stems[columns], scores, together, self.held.shape[0], self.tiers[topic], n_keywords)
        picked: IntArray = columns[chosen]
        return picked

    def keywords(self, topic: int, n_keywords: int = N_KEYWORDS) -> list[Keyword]:
        """Give a topic's keywords with their scores and vectors, as `picked`."""
        picked = self.picked(topic, n_keywords).tolist()
        return [Keyword(self.names[i], float(self.scores[topic, i]), self.vectors[i]) for i in picked]


def rank_keywords(
    vocabulary: Vocabulary,
    texts: Sequence[str],
    embeddings: FloatArray,
    encoder: KeywordEncoder,
    labels: IntArray,
    weights: sparse.csr_matrix,
) -> Ranking:
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
    """
    n_topics = weights.shape[0]
    topics, incidence = members(labels, n_topics), vocabulary.doc_term_matrix.astype(bool).astype(np.int32)
    document_counts, said = (topics @ incidence).tocsr(), readable(topics @ vocabulary.doc_term_matrix, vocabulary)
    weights = shrunk(weights.multiply(said).tocsr(), document_counts)
    per_topic = [best(weights[topic], document_counts[topic]) for topic in range(n_topics)]
    terms = np.unique(np.concatenate(per_topic))
    if encoder.most_terms is not None and len(terms):
        found, columns = Candidates([], incidence[:, terms], texts, embeddings), _places(per_topic, terms)
        few = worth_encoding(found, columns, labels, weights[:, terms].toarray(), encoder.most_terms)
        per_topic = [terms[places] for places in few]
        terms = np.unique(np.concatenate(per_topic))
    names, held, stems = [str(term) for term in vocabulary.terms[terms]], incidence[:, terms], vocabulary.stems[terms]
    if len(terms) == 0:
        return Ranking(names, np.empty((0, 0), np.float32), np.empty((n_topics, 0)), per_topic, per_topic, held, stems)
    space = encoder.space(Candidates(names, held, texts, embeddings), lambda: _typical(labels, embeddings))
    scores = score_terms(space, labels, weights[:, terms].toarray())
    counts, sizes = document_counts[:, terms].toarray(), np.bincount(labels[labels >= 0], minlength=n_topics)
    is_common = holds_common_word(terms, vocabulary, document_counts, sizes)
    columns = [without_common(own, is_common) for own in _places(per_topic, terms)]
    tier = [tiers(scores[:, own], topic, counts[topic, own], int(sizes[topic])) for topic, own in enumerate(columns)]
    ranking = Ranking(names, space.terms, scores, columns, tier, held.tocsc(), stems)
    for topic, own in enumerate(columns):
        size, first = int(sizes[topic]), ranking.picked(topic)[:N_LABEL_KEYWORDS]
        if _n_covered(ranking.held[:, first], labels == topic) < NAMED_SHARE * size:
            tier[topic] = said_first(tier[topic], counts[topic, own], size)
    return ranking


def _places(columns: Sequence[IntArray], terms: IntArray) -> list[IntArray]:
    """Turn columns of the vocabulary into places among terms, (t,) rising columns of it."""
    return [np.searchsorted(terms, own).astype(np.int64) for own in columns]


def diversified(keywords: Sequence[Keyword], diversity: float, n_keywords: int = N_KEYWORDS) -> list[Keyword]:
    """Choose keywords by maximal marginal relevance (Carbonell and Goldstein 1998), the best one first.

    The next one has the highest (1 - diversity) x relevance - diversity x the highest cosine to one that was chosen.

    Args:
        keywords: to choose from, best first; their scores, divided by the best one, are the relevance.
        diversity: in [0, 1].
        n_keywords: how many are wanted.
    """
    if not keywords:
        return []
    vectors = np.stack([keyword.vector for keyword in keywords])
    # Rounded so that the last bits of a product never decide the order.
    similarity = np.round((vectors @ vectors.T).astype(np.float64), 6)
    relevance = np.array([keyword.score for keyword in keywords]) / max(keyword.score for keyword in keywords)
    chosen = [0]
    while len(chosen) < min(n_keywords, len(keywords)):
        marginal = (1 - diversity) * relevance - diversity * similarity[:, chosen].max(axis=1)
        marginal[chosen] = -np.inf
        chosen.append(int(marginal.argmax()))
    return [keywords[i] for i in chosen]


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
        room = ROOM.get(Tier(tier[following]), n_keywords)
        left.remove(following)
        if len(chosen) >= room:
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


def _typical(labels: IntArray, embeddings: FloatArray) -> IntArray:
    """Find the documents of each topic that are nearest to its centroid, in their order."""
    rows = []
    for topic in range(int(labels.max()) + 1):
        own = np.flatnonzero(labels == topic)
        centroid = unit(embeddings[own].mean(axis=0, keepdims=True))[0]
        closeness = np.round(embeddings[own] @ centroid, 6)
        rows.append(own[np.lexsort((own, -closeness))[:N_TYPICAL]])
    return np.sort(np.concatenate(rows))
