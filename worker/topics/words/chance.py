"""How near to a topic seeds come that nobody chose: what an aspect's seeds must surpass to name the topic."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from worker.topics.fit import DoubleArray, FloatArray, IntArray
from worker.topics.words.encoders import unit
from worker.topics.words.vocabulary import NO_WORD, Vocabulary

N_WORDS: Final = 400
N_DRAWS: Final = 400
# Of 100 topics that speak of no aspect, so many are emergent.
PERCENTILE: Final = 95
# A word that one comment alone holds has, with corpus vectors, the direction of that comment.
ENOUGH_DOCUMENTS: Final = 2
_SEED: Final = 42


@dataclass(frozen=True, eq=False)
class Standing:
    """How near aspects are to topics beyond chance.

    Attributes:
        scores: (topics, aspects) standard deviations above the mean of random seeds.
        needed: (topics,) the score that the best of as many random aspects surpasses in 5 of 100 draws.
    """

    scores: DoubleArray
    needed: DoubleArray


def random_words(vocabulary: Vocabulary) -> IntArray:
    """Draw words of the batch, the same ones each time: (m,) columns of the vocabulary, rising; at most `N_WORDS`."""
    is_word = vocabulary.stems[:, 1] == NO_WORD
    n_documents = np.bincount(vocabulary.doc_term_matrix.indices, minlength=len(is_word))
    columns = np.flatnonzero(is_word & (n_documents >= ENOUGH_DOCUMENTS))
    if not len(columns):
        columns = np.arange(len(is_word))
    if len(columns) > N_WORDS:
        columns = np.sort(np.random.default_rng(_SEED).choice(columns, N_WORDS, replace=False))
    return columns.astype(np.int64)


def standing(topics: FloatArray, seeds: FloatArray, owner: IntArray, words: FloatArray, n_aspects: int) -> Standing:
    """Compare the nearness of aspects to topics with that of random aspects of the same sizes.

    Everything is centered by the mean of the random words first: what all words of a batch have in common is most of a
    cosine of some encoders, and tells nothing. An aspect of one seed, or of few, comes nearer to a topic by chance than
    one of many, so each is compared with random ones of its own size. The best of ten comes nearer than one does, so
    the best is compared with the best.

    A random aspect has at most half of the words: if it had all of them, each would be the same, and chance would have
    no spread to compare with.

    Args:
        topics: (t, d) float32, L2-normalized.
        seeds: (s, d) float32, L2-normalized; a row of zeros has no direction and does not count.
        owner: (s,) int64, the aspect of each.
        words: (m, d) float32, L2-normalized, of random words, at least one.
        n_aspects: how many there are.
    """
    mean = words.mean(axis=0, dtype=np.float64).astype(np.float32)
    found = np.linalg.norm(seeds, axis=1) > 0
    seeds, owner = unit(seeds[found] - mean), owner[found]
    topics, words = unit(topics - mean), unit(words - mean)
    sizes = np.bincount(owner, minlength=n_aspects)
    sums = np.zeros((n_aspects, topics.shape[1]), dtype=np.float32)
    np.add.at(sums, owner, seeds)
    chance = _by_chance(topics, words, sizes)
    expected, spread = chance.mean(axis=0), np.maximum(chance.std(axis=0), 1e-6)
    # Rounded so that the last bits of a product never decide.
    scores = np.round(((unit(sums) @ topics.T - expected) / spread).T, 4)
    scores[:, sizes == 0] = -np.inf
    best = ((chance - expected) / spread)[:, sizes > 0].max(axis=1, initial=-np.inf)
    return Standing(scores, np.round(np.percentile(best, PERCENTILE, axis=0, method="higher"), 4))


def _by_chance(topics: FloatArray, words: FloatArray, sizes: IntArray) -> DoubleArray:
    """Give the cosines of random aspects with the topics: (draws, aspects, topics)."""
    rng = np.random.default_rng(_SEED)
    drawn = np.zeros((len(sizes), N_DRAWS, len(words)), dtype=np.float32)
    for aspect, size in enumerate(np.minimum(sizes, max(1, len(words) // 2)).tolist()):
        order = rng.random((N_DRAWS, len(words))).argsort(axis=1)[:, :size]
        np.put_along_axis(drawn[aspect], order, 1, axis=1)
    return np.stack([unit(own @ words) @ topics.T for own in drawn], axis=1).astype(np.float64)


def telling(seeds: FloatArray, owner: IntArray, words: FloatArray) -> float | None:
    """Say how often two seeds of one aspect are nearer to each other than two seeds of different aspects.

    Args:
        seeds: (s, d) float32, L2-normalized; a row of zeros does not count.
        owner: (s,) int64, the aspect of each.
        words: (m, d) float32, L2-normalized, of random words; their mean is taken off.

    Returns:
        In [0, 1], .5 by chance (the area under the ROC curve); None without pairs of both kinds.
    """
    found = np.linalg.norm(seeds, axis=1) > 0
    seeds, owner = unit(seeds[found] - words.mean(axis=0)), owner[found]
    first, second = np.triu_indices(len(seeds), 1)
    cosines = np.round((seeds @ seeds.T)[first, second], 6)
    is_same = owner[first] == owner[second]
    within, between = cosines[is_same], np.sort(cosines[~is_same])
    if not len(within) or not len(between):
        return None
    below = np.searchsorted(between, within, side="left") + np.searchsorted(between, within, side="right")
    return float(below.mean() / 2 / len(between))
