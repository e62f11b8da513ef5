"""How far topics hold together: whether they are found again if a few documents are left out."""

import numpy as np
from sklearn.metrics import adjusted_rand_score

from worker.topics.diagnostics import Stability
from worker.topics.fit import DoubleArray, IntArray
from worker.topics.modelling import topics_anew
from worker.topics.preparation import Preparation, Prepared
from worker.topics.stages import StageClock

# The share of documents that a rerun leaves out; what a week or a deleted account may well change.
LEFT_OUT = 0.02
STAGE = "stability"
_SEED = 42


def measure_stability(
    shared: Preparation, prepared: Prepared, labels: IntArray, n_reruns: int, clock: StageClock
) -> Stability:
    """Find the topics of a batch anew, each time without other documents; the neighbors are not searched again.

    Each topic is compared with the most similar one of the rerun by Jaccard's coefficient, as in Hennig 2007
    ("Cluster-wise assessment of cluster stability", Computational Statistics & Data Analysis 52), section 3.

    Args:
        shared: the batch.
        prepared: what its fit went by. Topics that an earlier fit gave are compared with topics found anew.
        labels: (n,) int64, the topics of the fit in the order of the corpus, -1 for outliers.
        n_reruns: >= 1.
        clock: one stage is reported to it.
    """
    clock.enter(STAGE)
    n = len(labels)
    n_left_out = max(1, round(LEFT_OUT * n))
    draws = np.random.default_rng(_SEED)
    by_topic, overall = [], []
    for _ in range(n_reruns):
        kept = np.sort(draws.permutation(n)[n_left_out:])
        own, anew = labels[kept], topics_anew(shared.part(kept, prepared))
        by_topic.append(best_jaccard(own, anew, int(labels.max()) + 1))
        overall.append(agreement(own, anew))
    found = Stability(
        n_reruns=n_reruns,
        left_out=n_left_out,
        overall=float(np.mean(overall)),
        topics=tuple(np.mean(by_topic, axis=0).tolist()),
    )
    clock.note(reruns=n_reruns, left_out=n_left_out, ari=round(found.overall, 4))
    clock.finish()
    return found


def best_jaccard(labels: IntArray, others: IntArray, n_topics: int) -> DoubleArray:
    """Give, for each topic of one partition, Jaccard's coefficient with the most similar topic of the other: (t,).

    Args:
        labels: (n,) int64, -1 for outliers.
        others: (n,) int64, -1 for outliers.
        n_topics: of `labels`.

    Returns:
        In [0, 1]; 0 for a topic without documents.
    """
    both = np.zeros((n_topics + 1, int(others.max(initial=-1)) + 2))
    np.add.at(both, (labels, others), 1)
    # The last row and the last column hold the outliers.
    sizes = both.sum(axis=1)[:-1, None] + both.sum(axis=0)[None, :-1]
    together = both[:-1, :-1]
    jaccard = together / np.maximum(sizes - together, 1)
    best: DoubleArray = jaccard.max(axis=1, initial=0.0)
    return best


def agreement(labels: IntArray, others: IntArray) -> float:
    """Give the adjusted Rand index (Hubert and Arabie 1985) over the documents that are in a topic both times.

    Args:
        labels: (n,) int64, -1 for outliers.
        others: (n,) int64, -1 for outliers.

    Returns:
        In [-0.5, 1]; 0 if no document is in a topic both times.
    """
    both = (labels >= 0) & (others >= 0)
    return float(adjusted_rand_score(labels[both], others[both])) if both.any() else 0.0
