"""KeyBERT-inspired keywords: candidates by c-TF-IDF, ranked by meaning, picked for a reader."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import sparse

from worker.topics.bertopic.parts import BaseRepresentation, BERTopic
from worker.topics.fit import DoubleArray, FloatArray, IntArray
from worker.topics.words.encoders import Candidates, KeywordEncoder, KeywordSpace, unit
from worker.topics.words.vocabulary import Vocabulary, singular

if TYPE_CHECKING:
    import pandas as pd

N_KEYWORDS = 10
N_CANDIDATES = 100
# Where fewer terms than this are said by several documents of a topic, what a single one says fills up.
ENOUGH_CANDIDATES = 20
# Documents a topic that stand for it where all would have to be encoded.
N_TYPICAL = 10
# Documents at which a term's weight in a topic reaches one half: chance finds stay below.
SHRINKAGE = 3
# A term is a keyword where it scores at least this share of its best score in any topic.
EXCLUSIVE = 0.95
# A unigram with at least this share of its occurrences inside a bigram only repeats it.
REPEATS_BIGRAM = 0.5

RankedWords = list[tuple[str, float]]


@dataclass(frozen=True)
class Keyword:
    """One keyword with its score and its vector in the encoder's space, L2-normalized."""

    term: str
    score: float
    vector: FloatArray


class KeywordRanking(BaseRepresentation):  # type: ignore[misc]
    """Ranks each topic's n-grams by similarity to the topic, times the root of their c-TF-IDF.

    In KeyBERTInspired's place, and unlike it with the document embeddings that were given, each
    looked up by its document's own id. The product keeps both virtues: the similarity alone
    prefers near-synonyms that hardly occur, c-TF-IDF (Grootendorst 2022, arXiv 2203.05794)
    alone prefers what is frequent everywhere. After the fit, `keywords_` by topic and `n_candidates_`.
    """

    def __init__(
        self, encoder: KeywordEncoder, vocabulary: Vocabulary, texts: Sequence[str], embeddings: FloatArray
    ) -> None:
        """Take the batch: its vocabulary, texts, and (n, d) float32 L2-normalized embeddings."""
        self.encoder = encoder
        self.vocabulary = vocabulary
        self.texts = texts
        self.embeddings = embeddings
        self.keywords_: dict[int, list[Keyword]] = {}
        self.n_candidates_ = 0

    def extract_topics(
        self,
        topic_model: BERTopic,
        documents: "pd.DataFrame",
        c_tf_idf: sparse.csr_matrix,
        topics: Mapping[str, RankedWords],
    ) -> dict[int, RankedWords]:
        """Rank the keywords of every topic; BERTopic calls it.

        Args:
            topic_model: not needed.
            documents: with the columns ID (row of the batch) and Topic.
            c_tf_idf: a row for each topic, by rising number, the outliers' first where there are any.
            topics: BERTopic's own words, kept for the outliers alone.
        """
        labels = np.full(len(self.texts), -1, dtype=np.int64)
        labels[documents["ID"].to_numpy()] = documents["Topic"].to_numpy()
        numbers = sorted(int(topic) for topic in topics)
        weights = c_tf_idf[[row for row, topic in enumerate(numbers) if topic >= 0]]
        self.keywords_ = self._rank(labels, weights)
        ranked: dict[int, RankedWords] = {
            topic: [(word.term, word.score) for word in words] or [("", 0.0)] for topic, words in self.keywords_.items()
        }
        return {int(topic): words for topic, words in topics.items() if int(topic) < 0} | ranked

    def _rank(self, labels: IntArray, weights: sparse.csr_matrix) -> dict[int, list[Keyword]]:
        n_topics = weights.shape[0]
        incidence = self.vocabulary.doc_term_matrix.astype(bool).astype(np.int32)
        document_counts = _document_counts(labels, incidence, n_topics)
        weights = weights.multiply(_shrunk(document_counts)).tocsr()
        per_topic = [_candidates(weights[topic], document_counts[topic]) for topic in range(n_topics)]
        terms = np.unique(np.concatenate(per_topic))
        self.n_candidates_ = len(terms)
        if len(terms) == 0:
            return {topic: [] for topic in range(n_topics)}
        names = [str(term) for term in self.vocabulary.terms[terms]]
        space = self.encoder.space(
            Candidates(names, incidence[:, terms], self.texts, self.embeddings), _typical(labels, self.embeddings)
        )
        scores = _scores(space, labels, weights[:, terms].toarray())
        held = incidence[:, terms].tocsc()
        chosen = {}
        for topic, own in enumerate(per_topic):
            columns = np.searchsorted(terms, own)
            is_own = scores[topic, columns] >= EXCLUSIVE * scores[:, columns].max(axis=0)
            # A topic that has no word for itself shares those of others: it is a topic all the same.
            columns = columns[is_own] if is_own.any() else columns
            own_terms = held[:, columns]
            # Topic by topic: of the candidates of all together it would take gigabytes where there are many topics.
            together = (own_terms.T @ own_terms).toarray()
            is_rare = document_counts[topic, terms[columns]].toarray()[0] <= 1
            picked = pick([names[column] for column in columns], scores[topic, columns], together, is_rare)
            chosen[topic] = [
                Keyword(names[c], float(scores[topic, c]), space.terms[c]) for c in (columns[i] for i in picked)
            ]
        return chosen


def pick(
    terms: Sequence[str],
    scores: DoubleArray,
    together: IntArray,
    is_rare: npt.NDArray[np.bool_],
    n_keywords: int = N_KEYWORDS,
) -> list[int]:
    """Choose the keywords a person reads, best first.

    The next keyword is the one with the highest score, times the share of those chosen before it
    that it occurs with: words that stand in the same comments describe one thing, and a list of
    near-synonyms from comments that have nothing else in common does not. What only one comment says
    comes last: the words of a long one all occur together, and would name the topic after it. Left out are plurals
    of what is chosen and n-grams that share a word with it the wrong way: a unigram inside a
    chosen bigram, and a bigram around a chosen unigram, unless the bigram makes up most of the
    unigram's documents; then it takes its place.

    Args:
        terms: (t,) n-grams of one or two words.
        scores: (t,) higher is better.
        together: (t, t) in how many documents both terms are; the diagonal, the term itself.
        is_rare: (t,) whether only one document of the topic holds the term.
        n_keywords: how many are wanted.

    Returns:
        Positions in `terms`.
    """
    stems = [frozenset(map(singular, term.split(" "))) for term in terms]
    left = {i for i, term in enumerate(terms) if len(stems[i]) == len(term.split(" "))}
    chosen: list[int] = []
    while left and len(chosen) < n_keywords:
        best = min(left, key=lambda i: (is_rare[i], -_fit(float(scores[i]), together[i], chosen), terms[i]))
        left.remove(best)
        clashes = [i for i in chosen if stems[best] <= stems[i] or stems[i] <= stems[best]]
        if not clashes:
            chosen.append(best)
        elif len(clashes) == 1 and _repeats(clashes[0], best, stems, together):
            chosen[chosen.index(clashes[0])] = best
    return chosen


def _fit(score: float, together: IntArray, chosen: list[int]) -> float:
    return score * (1 + int(np.count_nonzero(together[chosen]))) / (1 + len(chosen))


def _repeats(unigram: int, bigram: int, stems: list[frozenset[str]], together: IntArray) -> bool:
    return stems[unigram] < stems[bigram] and together[bigram, bigram] >= REPEATS_BIGRAM * together[unigram, unigram]


def _document_counts(labels: IntArray, incidence: sparse.csr_matrix, n_topics: int) -> sparse.csr_matrix:
    """Count each topic's documents that hold each term: (n_topics, terms)."""
    rows = np.flatnonzero(labels >= 0)
    members = sparse.csr_matrix(
        (np.ones(len(rows), dtype=np.int32), (labels[rows], rows)), shape=(n_topics, len(labels))
    )
    return (members @ incidence).tocsr()


def _shrunk(document_counts: sparse.csr_matrix) -> sparse.csr_matrix:
    shrunk = document_counts.astype(np.float64)
    shrunk.data /= shrunk.data + SHRINKAGE
    return shrunk


def _scores(space: KeywordSpace, labels: IntArray, weights: DoubleArray) -> DoubleArray:
    """Score every candidate in every topic: (n_topics, terms)."""
    centroids = _centroids(space.documents, labels[space.rows], len(weights))
    similarity = np.maximum(centroids @ space.terms.T, 0.0)
    # Rounded so that the last bits of a product never decide the order.
    scores: DoubleArray = np.round(similarity * np.sqrt(weights), 6)
    return scores


def _candidates(weights: sparse.csr_matrix, document_counts: sparse.csr_matrix) -> IntArray:
    """Find the columns of the largest weights of one row, ties to the lower column, sorted.

    Terms that several documents of the topic hold come first.
    """
    row = weights.tocoo()
    often = document_counts[:, row.col].toarray()[0] > 1
    n_wanted = min(N_CANDIDATES, max(int(np.count_nonzero(often)), ENOUGH_CANDIDATES))
    best_first = np.lexsort((row.col, -row.data, ~often))[:n_wanted]
    return np.sort(row.col[best_first]).astype(np.int64)


def _centroids(vectors: FloatArray, labels: IntArray, n_topics: int) -> FloatArray:
    return unit(np.stack([vectors[labels == topic].mean(axis=0, dtype=np.float64) for topic in range(n_topics)]))


def _typical(labels: IntArray, embeddings: FloatArray) -> IntArray:
    """Find the documents of each topic that are nearest to its centroid, in their order."""
    rows = []
    for topic in range(int(labels.max()) + 1):
        members = np.flatnonzero(labels == topic)
        centroid = unit(embeddings[members].mean(axis=0, keepdims=True))[0]
        closeness = np.round(embeddings[members] @ centroid, 6)
        rows.append(members[np.lexsort((members, -closeness))[:N_TYPICAL]])
    return np.sort(np.concatenate(rows))
