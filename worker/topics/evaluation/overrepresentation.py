"""Which topics hold far more comments of one wording than the batch does: of one pronoun, language or length."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from worker.topics.fit import DoubleArray, IntArray
from worker.topics.hypergeometric import chance_of_so_many
from worker.topics.nuisance import Excess, Nuisance
from worker.topics.words.wording import Wording

# A pronoun that is this many times as frequent in a topic as in the batch is always told.
TOLD_RATIO: Final = 2.0
# Doubtful from this distance on, as Cohen's h (Cohen 1988, chapter 6): 0.5 is a medium one, such as 40 % against 17 %.
FAR: Final = 0.5
# What is said in few words is often said alike ("thank you"), so a length is far only from a large distance on.
FAR_LENGTH: Final = 0.8
# Doubtful only if comments drawn at random would give such a share in fewer than one topic of this many.
CHANCE: Final = 0.001


def excesses(labels: IntArray, wording: Wording, n_topics: int) -> tuple[tuple[Excess, ...], ...]:
    """Find the marks that each topic's comments have far more often than those of the batch, the farthest first.

    A share is far if Cohen's h of the two shares is large and if the hypergeometric test says that a topic drawn at
    random would hardly hold so many. A pronoun's share above twice the batch's own is always told, if only as a
    remark (`is_doubt` is False).

    Args:
        labels: (n,) int64, -1 for outliers.
        wording: of the same n documents.
        n_topics: how many topics there are.

    Returns:
        For each topic its excesses, mostly none.
    """
    held = wording.holds.astype(np.int64)
    sizes = np.bincount(labels[labels >= 0], minlength=n_topics)
    counts = np.zeros((n_topics, held.shape[1]), dtype=np.int64)
    np.add.at(counts, labels[labels >= 0], held[labels >= 0])
    n, totals = len(labels), held.sum(axis=0)
    share, of_all = counts / np.maximum(sizes, 1)[:, None], totals / n
    distance = 2 * (np.arcsin(np.sqrt(share)) - np.arcsin(np.sqrt(of_all)))
    far = np.array([FAR_LENGTH if mark.kind is Nuisance.LENGTH else FAR for mark in wording.marks])
    by_chance = _at_least(counts, n, totals, sizes)
    is_doubt = (distance >= far) & (by_chance < CHANCE)
    is_pronoun = np.array([mark.kind is Nuisance.PRONOUN for mark in wording.marks])
    told = is_doubt | (is_pronoun & (share > TOLD_RATIO * of_all))
    return tuple(
        tuple(
            Excess(wording.marks[i], float(share[topic, i]), float(of_all[i]), bool(is_doubt[topic, i]))
            for i in np.argsort(-distance[topic], kind="stable").tolist()
            if told[topic, i]
        )
        for topic in range(n_topics)
    )


def _at_least(counts: IntArray, n: int, totals: IntArray, sizes: IntArray) -> DoubleArray:
    """Give the chance that a topic drawn at random holds a mark so often.

    Args:
        counts: (t, m) int64, how many comments of each topic hold each mark.
        n: comments of the batch.
        totals: (m,) int64, how many of them hold each mark.
        sizes: (t,) int64, of the topics.

    Returns:
        (t, m) float64, in [0, 1].
    """
    chances = np.empty(counts.shape)
    for (topic, mark), count in np.ndenumerate(counts):
        drawn, marked = int(sizes[topic]), int(totals[mark])
        chances[topic, mark] = chance_of_so_many(int(count), drawn=drawn, marked=marked, of=n)
    return chances


def logged(found: Sequence[Sequence[Excess]], numbers: Sequence[int]) -> str:
    """Name the doubtful topics on one line for the log: "3: she 93% (31%)", the batch's own share in brackets.

    Args:
        found: the excesses of each topic.
        numbers: the number of each topic in the result.
    """
    doubted = [
        f"{number}: {', '.join(f'{e.mark.name} {e.share:.0%} ({e.of_all:.0%})' for e in own if e.is_doubt)}"
        for number, own in zip(numbers, found, strict=True)
        if any(excess.is_doubt for excess in own)
    ]
    return "; ".join(doubted)
