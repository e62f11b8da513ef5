"""The keywords of kept topics, by the counts of their terms alone."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from worker.models.terms import Terms
from worker.topics.arrays import DoubleArray, IntArray
from worker.topics.continuity.label_continuity import Forms, most_words_hold
from worker.topics.raw_labels import raw_label
from worker.topics.words.candidates import EXCLUSIVE, N_CANDIDATES, SHRINKAGE, Tier
from worker.topics.words.forms import families
from worker.topics.words.keywords import ROOM, pick
from worker.topics.words.vocabulary import NO_WORD

_FEWEST_TERMS: Final = ROOM[Tier.SHARED]


class TopicWords:
    """The terms of all topics of a model, weighed against one another."""

    def __init__(self, topics: Sequence[Terms]) -> None:
        """Take the counts of each topic's terms.

        Args:
            topics: for each, how many of its documents hold each term.
        """
        self._topics = topics
        self._names = sorted({term for terms in topics for term in terms})
        self._column = {name: column for column, name in enumerate(self._names)}
        first = families({word for name in self._names for word in name.split(" ")})
        number = {family: i for i, family in enumerate(sorted(set(first.values())))}
        self._family = {word: number[family] for word, family in first.items()}
        self._counts = np.zeros((len(topics), len(self._names)))
        for row, terms in enumerate(topics):
            self._counts[row, [self._column[term] for term in terms]] = list(terms.values())
        self._weights = _weights(self._counts)

    def keywords(self, topic: int, before: Sequence[str]) -> tuple[str, ...]:
        """Give a topic's keywords, best first.

        Those that it had stay, in their order, as long as they are among the hundred terms that say most of it. The
        best others by c-TF-IDF follow.

        Args:
            topic: its place.
            before: the keywords that it had; they are the answer if the topic has no terms.
        """
        rank = {self._column[word]: i for i, word in enumerate(before) if word in self._column}
        candidates = self._candidates(topic, frozenset(rank))
        if not len(candidates):
            return tuple(before)
        highest = float(self._weights[topic].max(initial=0.0)) or 1.0
        scores = np.array(
            [
                2.0 - rank[column] / (1 + len(before)) if column in rank else self._weights[topic, column] / highest
                for column in candidates.tolist()
            ]
        )
        names = [self._names[column] for column in candidates.tolist()]
        stems = np.array([self._stem(name) for name in names], dtype=np.int64)
        counts = self._counts[topic, candidates].astype(np.int64)
        # Who said what together is not kept: all terms of a topic count as if they were said together.
        together = np.minimum(counts[:, None], counts[None, :])
        tier = np.where(counts > 1, Tier.OWN, Tier.SELDOM_OWN)
        picked = pick(stems, scores, together, int(self._counts.sum()), tier)
        return tuple(names[i] for i in picked) or tuple(before)

    def label(self, topic: int, before: str, number: int, keywords: Sequence[str]) -> str:
        """Give a topic's raw label: the one that it had, as long as most of its words hold."""
        known = [word for word in keywords if word in self._column]
        if not known:
            return before
        forms, n_holding = self._forms, self._n_holding(topic)
        if most_words_hold(before, known, forms=forms, n_holding=n_holding):
            return before
        return raw_label(number, keywords)

    def _candidates(self, topic: int, before: frozenset[int]) -> IntArray:
        weights = np.round(self._weights, 12)
        held = np.flatnonzero(weights[topic] > 0)
        best = held[np.lexsort((held, -weights[topic, held]))][:N_CANDIDATES]
        is_own = weights[topic, best] >= EXCLUSIVE * weights[:, best].max(axis=0, initial=0.0)
        own = best[is_own | np.isin(best, sorted(before))]
        return np.sort(own if len(own) >= _FEWEST_TERMS else best).astype(np.int64)

    def _stem(self, term: str) -> tuple[int, int]:
        words = term.split(" ")
        return self._family[words[0]], self._family[words[-1]] if len(words) > 1 else NO_WORD

    def _forms(self, word: str) -> Forms:
        if word not in self._column:
            raise KeyError(word)
        return frozenset({self._stem(word)})

    def _n_holding(self, topic: int) -> Callable[[str], int]:
        by_stem: dict[tuple[int, int], int] = {}
        for term, count in self._topics[topic].items():
            stem = self._stem(term)
            by_stem[stem] = by_stem.get(stem, 0) + count
        return lambda word: by_stem.get(self._stem(word), 0) if word in self._column else 0


def _weights(counts: DoubleArray) -> DoubleArray:
    """Weigh terms by c-TF-IDF (Grootendorst 2022, arXiv 2203.05794), those of few documents lower: (topics, terms)."""
    totals = counts.sum(axis=1, keepdims=True)
    share = counts / np.maximum(totals, 1)
    everywhere = counts.sum(axis=0)
    rarity = np.log1p(totals.mean() / np.maximum(everywhere, 1)) if counts.size else np.zeros(counts.shape[1])
    weights: DoubleArray = share * rarity * (counts / (counts + SHRINKAGE))
    return weights
