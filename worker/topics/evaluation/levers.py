"""What other parameters would give: each is tried on the same batch, with the neighbors and layouts that are there."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from worker.topics.adaptation import adapt
from worker.topics.clusters.cluster_labels import by_size
from worker.topics.diagnostics import FIELDS_TRIED, Trial
from worker.topics.evaluation import overrepresentation
from worker.topics.fit import FloatArray, TopicParams
from worker.topics.modelling import Hierarchies, Modelled, layout_of, topics_on
from worker.topics.preparation import Preparation, Prepared
from worker.topics.stages import StageClock

STAGE: Final = "levers"
# A request may ask for no more topics and neighbors.
_MOST_TOPICS: Final = 1000
_MOST_NEIGHBORS: Final = 200
# Fewer documents are no topic that a reader would look for.
_FEWEST_DOCUMENTS: Final = 3


def try_levers(shared: Preparation, prepared: Prepared, modelled: Modelled, clock: StageClock) -> tuple[Trial, ...]:
    """Find the topics anew with other values of one parameter at a time.

    Topics are found as in a first fit, but keywords are not ranked: topics that would be joined because their
    keywords are the same words stay apart.

    Args:
        shared: the batch. What it holds of the neighbors may be replaced, so this has to be the last that uses it.
        prepared: what the fit went by.
        modelled: the topics that it gave.
        clock: one stage is reported to it.

    Returns:
        One trial for each value, labels in canonical order; none if documents keep topics of an earlier fit.
    """
    if prepared.keeps_topics:
        return ()
    clock.enter(STAGE)
    layouts: dict[tuple[int, bool], tuple[FloatArray, Hierarchies]] = {}
    trials = []
    for name, value in _values(prepared, modelled):
        params: TopicParams = replace(prepared.params, **{FIELDS_TRIED[name]: value})  # type: ignore[arg-type]
        adapted = adapt(params, len(prepared.corpus.texts))
        if params.neutralize == prepared.params.neutralize and adapted.n_neighbors == prepared.adapted.n_neighbors:
            variant = replace(prepared, params=params, adapted=adapted)
        else:
            variant = shared.for_fit(params, adapted, prepared.encoder)
        key = adapted.n_neighbors, params.neutralize
        if key not in layouts:
            layouts[key] = layout_of(variant), {}
        labels = by_size(topics_on(variant, *layouts[key]))
        n_topics = int(labels.max(initial=-1)) + 1
        found = overrepresentation.excesses(labels, prepared.wording, n_topics)
        worded = tuple(any(excess.is_doubt for excess in own) for own in found)
        trials.append(Trial(name, value, labels, worded, tuple(variant.removed)))
    clock.note(trials=len(trials))
    clock.finish()
    return tuple(trials)


def _values(prepared: Prepared, modelled: Modelled) -> Iterator[tuple[str, int | bool]]:
    """Give the values to try, those that need another search for neighbors last."""
    now, n = prepared.adapted, len(prepared.corpus.texts)
    n_topics, n_clusters = len(modelled.keywords), int(modelled.clustering.cluster_labels_.max(initial=-1)) + 1
    sizes = {round(now.min_cluster_size * factor) for factor in (0.5, 2 / 3, 1.5, 2.0)}
    for size in sorted(sizes - {now.min_cluster_size}):
        if _FEWEST_DOCUMENTS <= size <= n // 2:
            yield "min_topic_size", size
    fewer, more = round(n_topics * 2 / 3), min(n_clusters, round(n_topics * 1.5), _MOST_TOPICS)
    if 1 < fewer < n_topics:
        yield "nr_topics", fewer
    if more > n_topics:
        yield "nr_topics", more
    if now.min_samples > 1:
        yield "hdbscan_min_samples", max(1, now.min_samples // 2)
    for neighbors in (now.n_neighbors // 2, now.n_neighbors * 2):
        if 2 < neighbors < min(n // 2, _MOST_NEIGHBORS + 1):
            yield "umap_n_neighbors", neighbors
    if not prepared.params.neutralize:
        yield "neutralize", True
