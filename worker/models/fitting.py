"""A fit for a kept model."""

from dataclasses import replace

from worker.models.model import FEWEST_IN_PART, Documents
from worker.topics.adaptation import default_min_cluster_size
from worker.topics.engine import Engine
from worker.topics.fit import NoTopics, OnStage, TopicFit, TopicParams
from worker.topics.preparation import Preparation


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


def fit_documents(
    documents: Documents, preparation: Preparation, params: TopicParams, engine: Engine, on_stage: OnStage
) -> TopicFit | NoTopics:
    """Fit documents that are prepared already; the fit comes with its traits.

    Args:
        documents: in any order.
        preparation: of them.
        params: of the fit.
        engine: that fits.
        on_stage: called when a stage begins and when it ends.
    """
    outcome: TopicFit | NoTopics = engine.fit(
        documents.texts,
        documents.embeddings,
        params,
        encoder=engine.encoder,
        device=engine.device,
        on_stage=on_stage,
        keep=True,
        preparation=preparation,
    )
    return outcome
