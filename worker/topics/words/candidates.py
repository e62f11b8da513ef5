"""Which n-grams can be keywords of which topic, before their meaning is looked at."""

from enum import IntEnum

import numpy as np
import numpy.typing as npt
from scipy import sparse

from worker.topics.fit import DoubleArray, IntArray
from worker.topics.words.vocabulary import NO_WORD, Vocabulary

N_CANDIDATES = 100
# If several documents of a topic say fewer terms than this, terms that a single one says are taken too.
ENOUGH_CANDIDATES = 20
# Documents at which a term's weight in a topic reaches one half: chance finds stay below.
SHRINKAGE = 3
# A term is a keyword if it scores at least this share of its best score in any topic.
EXCLUSIVE = 0.95
# A term names a topic if so many of its documents hold it, or such a share of a small topic's; never fewer than two.
ENOUGH_DOCUMENTS = 3
ENOUGH_SHARE = 0.05
# If the words that name a topic stand in less than this share of its documents all together ...
NAMED_SHARE = 1 / 3
# ... those that this share hold come first, its own or not: "message", "process", "customer" and "return" stood in
# 15 of 100 comments of a topic, and that something was missing ("kulang") in 14.
SAID_SHARE = 0.1
# A term stands everywhere alike if its largest share of a topic's documents is at most
# so many times the share that it reaches in most topics. Of two topics nothing is told.
ALIKE = 2.5
MOST_TOPICS = 0.75
FEWEST_TOPICS = 3

BoolArray = npt.NDArray[np.bool_]


def members(labels: IntArray, n_topics: int) -> sparse.csr_matrix:
    """Give the documents of each topic: (topics, n) of ones, outliers in none."""
    rows = np.flatnonzero(labels >= 0)
    return sparse.csr_matrix((np.ones(len(rows), dtype=np.int32), (labels[rows], rows)), shape=(n_topics, len(labels)))


def shrunk(weights: sparse.csr_matrix, document_counts: sparse.csr_matrix) -> sparse.csr_matrix:
    """Lower the weights of terms that few documents of a topic hold: (topics, t)."""
    factors = document_counts.astype(np.float64)
    factors.data /= factors.data + SHRINKAGE
    return weights.multiply(factors).tocsr()


def readable(counts: sparse.csr_matrix, vocabulary: Vocabulary) -> sparse.csr_matrix:
    """Tell which terms say in a topic what its comments say: (topics, t) of ones, (topics, t) counts given.

    If most occurrences of a word, or of all its forms together, are denied, only the denied term is left,
    without which the topic would be named by the opposite; else only the others. A term that no comment holds as
    it is shown is never left.
    """
    first, second = vocabulary.stems[:, 0], vocabulary.stems[:, 1]
    is_denied, is_single = vocabulary.denied, second == NO_WORD
    shape = (len(first), int(vocabulary.stems.max(initial=-1)) + 1)
    signs = np.where(is_denied, 1, -1)[is_denied | is_single]
    rows = np.flatnonzero(is_denied | is_single)
    balance = _positive(counts @ sparse.csr_matrix((signs, (rows, first[rows])), shape=shape))
    own = _own_balance(counts, vocabulary)

    found = counts.tocoo()
    own_denied = _cells(own, found.row, found.col)
    first_denied = _cells(balance, found.row, first[found.col]) | own_denied
    second_denied = _cells(balance, found.row, second[found.col]) & (second[found.col] >= 0)
    kept = np.where(is_denied[found.col], first_denied, ~first_denied & ~second_denied) & vocabulary.written[found.col]
    cells = (found.row[kept], found.col[kept])
    return sparse.csr_matrix((np.ones(len(cells[0]), dtype=np.int8), cells), shape=counts.shape)


def _own_balance(counts: sparse.csr_matrix, vocabulary: Vocabulary) -> sparse.csr_matrix:
    """Find the words of which most occurrences are denied, whatever their other forms: (topics, t), at both terms."""
    plain, denied = vocabulary.affirmed_and_denied
    pairs, ones = np.arange(len(plain)), np.ones(len(plain), dtype=np.int64)
    to_denied = sparse.csr_matrix((ones, (denied, pairs)), shape=(counts.shape[1], len(plain)))
    to_plain = sparse.csr_matrix((ones, (plain, pairs)), shape=(counts.shape[1], len(plain)))
    return (_positive(counts @ (to_denied - to_plain)) @ (to_denied + to_plain).T).tocsr()


def _positive(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    found = matrix.tocsr()
    found.data = np.maximum(found.data, 0)
    found.eliminate_zeros()
    return found


def best(weights: sparse.csr_matrix, document_counts: sparse.csr_matrix) -> IntArray:
    """Find the columns of the largest weights of one row, ties to the lower column, sorted.

    Terms that several documents of the topic hold come first.
    """
    row = weights.tocoo()
    often = document_counts[:, row.col].toarray()[0] > 1
    n_wanted = min(N_CANDIDATES, max(int(np.count_nonzero(often)), ENOUGH_CANDIDATES))
    best_first = np.lexsort((row.col, -row.data, ~often))[:n_wanted]
    return np.sort(row.col[best_first]).astype(np.int64)


def stands_everywhere(shares: DoubleArray) -> BoolArray:
    """Tell which terms stand in most topics alike, (t,): in a language without a stop word list, its stop words.

    Args:
        shares: (topics, t) of each topic's documents, that hold each term.
    """
    n_topics, n_terms = shares.shape
    if n_topics < FEWEST_TOPICS:
        return np.zeros(n_terms, dtype=bool)
    most = int(np.ceil(MOST_TOPICS * n_topics))
    reached = np.partition(shares, n_topics - most, axis=0)[n_topics - most]
    alike: BoolArray = shares.max(axis=0) <= ALIKE * reached
    return alike


def holds_common_word(
    terms: IntArray, vocabulary: Vocabulary, document_counts: sparse.csr_matrix, sizes: IntArray
) -> BoolArray:
    """Tell which terms are, or hold, a word that stands in most topics alike.

    Args:
        terms: (t,) columns of the vocabulary.
        vocabulary: of the batch.
        document_counts: (topics, all terms) how many documents of each topic hold each term.
        sizes: (topics,) documents of each topic.
    """
    halves = [[word[0] for word in vocabulary.words_of(column)] for column in terms.tolist()]
    words = np.unique(np.concatenate([terms, np.array([word for own in halves for word in own], dtype=np.int64)]))
    shares = document_counts[:, words].toarray() / np.maximum(sizes, 1)[:, None]
    common = frozenset(words[stands_everywhere(shares)].tolist())
    return np.array([not common.isdisjoint(own) for own in halves], dtype=bool)


def without_common(columns: IntArray, is_common: BoolArray) -> IntArray:
    """Leave out what stands in most topics alike; but never all."""
    kept = columns[~is_common[columns]]
    return kept if len(kept) else columns


class Tier(IntEnum):
    """How well a term names a topic, best first: how many of its comments say it, and whether it is the topic's own."""

    OWN = 0
    SHARED = 1
    FEW_OWN = 2
    FEW_SHARED = 3
    SELDOM_OWN = 4
    SELDOM_SHARED = 5


def tiers(scores: DoubleArray, topic: int, counts: IntArray, size: int) -> IntArray:
    """Tell how well each term names a topic: (t,) of `Tier`.

    A term is the topic's own if no other topic has it with a clearly higher score. A topic without own words that
    enough of its comments say shares those of others, before it is named by what one or two of many say.

    Args:
        scores: (topics, t).
        topic: the row.
        counts: (t,) documents of the topic that hold each term.
        size: of the topic, in documents.
    """
    is_shared = scores[topic] < EXCLUSIVE * scores.max(axis=0, initial=0.0)
    is_seldom = (counts < 2) | ((counts < ENOUGH_DOCUMENTS) & (counts < ENOUGH_SHARE * size))
    found: IntArray = np.where(is_seldom, int(Tier.SELDOM_OWN), int(Tier.OWN)) + is_shared.astype(np.int64)
    return found


def said_first(tier: IntArray, counts: IntArray, size: int) -> IntArray:
    """Put own terms that few of a topic's comments say behind what more of them say: (t,) of `Tier`.

    Args:
        tier: (t,) of `Tier`, as `tiers` gives it.
        counts: (t,) documents of the topic that hold each term.
        size: of the topic, in documents.
    """
    is_few = (tier < Tier.FEW_OWN) & (counts < SAID_SHARE * size)
    found: IntArray = np.where(is_few, tier + int(Tier.FEW_OWN), tier)
    return found


def _cells(matrix: sparse.csr_matrix, rows: IntArray, columns: IntArray) -> BoolArray:
    """Tell which cells of a matrix are not zero."""
    n_columns = matrix.shape[1]
    found = matrix.tocoo()
    return np.isin(rows.astype(np.int64) * n_columns + columns, found.row.astype(np.int64) * n_columns + found.col)
