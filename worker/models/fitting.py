"""A fit for a kept model."""

from worker.models.model import Documents
from worker.topics.engine import Engine
from worker.topics.fit import NoTopics, OnStage, TopicFit, TopicParams
from worker.topics.preparation import Preparation


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
