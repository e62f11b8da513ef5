"""From a fit beside an earlier one to a fit that says what became of the earlier topics."""

from dataclasses import replace

from worker.topics.clusters.outliers import place_outliers
from worker.topics.continuity.advice import advise
from worker.topics.continuity.anchored import AnchoredClustering
from worker.topics.continuity.continued import continued, numbered
from worker.topics.continuity.numbering import anchored_numbers, matched_numbers
from worker.topics.earlier import RefitAdvice
from worker.topics.fit import TopicFit
from worker.topics.graph.fuzzy_graph import fuzzy_graph
from worker.topics.modelling import Modelled
from worker.topics.preparation import Prepared


def carry_over(prepared: Prepared, modelled: Modelled, fit: TopicFit) -> TopicFit:
    """Carry numbers and labels over to a fit in canonical order; a first fit comes back as it was."""
    earlier, clustering = prepared.earlier, modelled.clustering
    if earlier is None:
        return fit
    n_topics, refit = len(fit.topics), RefitAdvice(advised=False)
    if isinstance(clustering, AnchoredClustering):
        numbers = numbered(anchored_numbers(fit.labels, clustering.numbers_, n_topics), earlier)
        others = prepared.adapted.n_neighbors - 1
        neighbors = prepared.neighbors
        fresh = clustering.fresh_.labels_
        refit = advise(
            fit.labels,
            place_outliers(fresh, prepared.voters) if prepared.params.reduce_outliers else fresh,
            earlier,
            graph=fuzzy_graph(neighbors.indices[:, :others], neighbors.distances[:, :others]),
            voters=prepared.voters,
            numbers=numbers.tolist(),
        )
    else:
        numbers = numbered(matched_numbers(fit.labels, earlier.labels, n_topics), earlier)
    keywords = [list(topic.keywords) for topic in fit.topics]
    continuity = continued(fit.labels, numbers, earlier, keywords=keywords, vocabulary=prepared.vocabulary, refit=refit)
    return replace(fit, continuity=continuity)
