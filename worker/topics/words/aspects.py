"""Guided aspects: which of the aspects that somebody cares about a topic speaks of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import sparse

from worker.topics.extensions import AspectMatch
from worker.topics.fit import BoolArray, DoubleArray, FloatArray, IntArray
from worker.topics.words.chance import random_words, standing, telling
from worker.topics.words.encoders import Candidates, KeywordEncoder, unit
from worker.topics.words.tokens import tokenize
from worker.topics.words.vocabulary import Vocabulary, denied_key

# Below this the seeds of an aspect have hardly more to do with each other than with those of other aspects (.5).
TELLING: Final = 0.6


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


@dataclass(frozen=True, eq=False)
class _Seeds:
    """The seeds of all aspects, and random words of the batch, in the encoder's space.

    Attributes:
        vectors: (s, d) float32, L2-normalized; zeros if the encoder knows no direction.
        owner: (s,) int64, the aspect of each.
        words: (m, d) float32, L2-normalized.
    """

    vectors: FloatArray
    owner: IntArray
    words: FloatArray


def match_aspects(
    keywords: Sequence[FloatArray],
    aspects: Mapping[str, Sequence[str]],
    threshold: float | None,
    encoder: KeywordEncoder,
    batch: Batch,
) -> tuple[tuple[AspectMatch, ...], str]:
    """Match each topic to the aspect whose seed words' centroid is nearest to its keywords' centroid.

    Near is the cosine if a threshold is given. Else it is what sets the cosine apart from that of random words of the
    batch, as cosines of two encoders cannot be compared, nor those of two aspects with more and with fewer seeds.
    With corpus vectors a seed has a vector if the batch holds it, or a word of it; an aspect
    of which the batch holds nothing matches no topic.

    Args:
        keywords: for each topic, (words, d) float32, L2-normalized.
        aspects: seed words by the aspect's name.
        threshold: cosine below which a topic is emergent: it speaks of none of them; None for what chance gives.
        encoder: the one that made the keywords' vectors.
        batch: the documents that the topics are of.

    Returns:
        A match for each topic; and a line for people if the encoder cannot tell the aspects apart, else "".
    """
    names = sorted(aspects)
    seeds = _vectors([aspects[name] for name in names], encoder, batch)
    centroids = unit(np.stack([seeds.vectors[seeds.owner == aspect].mean(axis=0) for aspect in range(len(names))]))
    topics = unit(np.stack([own.mean(axis=0) for own in keywords]))
    similarity = np.round(topics @ centroids.T, 6).astype(np.float64)
    if threshold is not None:
        best = similarity.argmax(axis=1)
        is_emergent = similarity[np.arange(len(topics)), best] < threshold
    else:
        best, is_emergent = _beyond_chance(topics, seeds, similarity)
    matches = tuple(
        AspectMatch(names[aspect], float(similarity[topic, aspect]), bool(is_emergent[topic]))
        for topic, aspect in enumerate(best.tolist())
    )
    return matches, _doubt(seeds, len(names), encoder.name)


def _beyond_chance(topics: FloatArray, seeds: _Seeds, similarity: DoubleArray) -> tuple[IntArray, BoolArray]:
    """Choose the aspect that stands out most for each topic, and tell which topics it does not stand out for."""
    beyond = standing(topics, seeds.vectors, seeds.owner, seeds.words, similarity.shape[1])
    best = beyond.scores.argmax(axis=1)
    rows = np.arange(len(topics))
    # If nothing at all is found of any aspect, there is no score.
    is_emergent = ~(beyond.scores[rows, best] > beyond.needed) | (similarity[rows, best] <= 0)
    return best.astype(np.int64), is_emergent


def _vectors(aspects: Sequence[Sequence[str]], encoder: KeywordEncoder, batch: Batch) -> _Seeds:
    seeds = [seed for own in aspects for seed in own]
    columns, vocabulary = random_words(batch.vocabulary), batch.vocabulary
    found = [_occurrence(seed, vocabulary) for seed in seeds]
    counts = sparse.hstack([*found, vocabulary.doc_term_matrix[:, columns]]).tocsr()
    terms = [*seeds, *(str(term) for term in vocabulary.terms[columns])]
    vectors = encoder.space(Candidates(terms, counts, batch.texts, batch.embeddings), lambda: np.arange(0)).terms
    owner = np.repeat(np.arange(len(aspects)), [len(own) for own in aspects])
    return _Seeds(vectors[: len(seeds)], owner, vectors[len(seeds) :])


def _doubt(seeds: _Seeds, n_aspects: int, encoder: str) -> str:
    """Say why matches are not to be relied on; "" if they are."""
    found = np.unique(seeds.owner[np.linalg.norm(seeds.vectors, axis=1) > 0])
    told = telling(seeds.vectors, seeds.owner, seeds.words)
    lines = []
    if len(found) < n_aspects:
        lines.append(
            f"{n_aspects - len(found)} of {n_aspects} aspects match nothing: no comment holds a seed of theirs"
        )
    if told is not None and told < TELLING:
        lines.append(
            f"the keyword encoder {encoder} cannot tell the aspects apart: in {told:.0%} of cases two seeds of one "
            "aspect are nearer to each other than two of different aspects, and chance alone gives 50%; do not rely on "
            "aspectLabel"
        )
    return "; ".join(lines)


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
