"""The smallest topic that a kept model has."""

from dataclasses import replace

from worker.models.model import FEWEST_IN_PART
from worker.topics.adaptation import default_min_cluster_size
from worker.topics.fit import TopicParams


def with_vectors(params: TopicParams, n: int) -> TopicParams:
    """Let a fit that a model is made of find only topics that get a vector, unless the request says how small.

    A smaller topic would take no document later, and the next batch would bear it again under another number.

    Args:
        params: of the request.
        n: documents of the fit.
    """
    if params.min_cluster_size is not None:
        return params
    return replace(params, min_cluster_size=max(FEWEST_IN_PART, default_min_cluster_size(n)))
