"""The comments of a batch as the models take them."""

from datetime import datetime

from worker.contract.envelope import Batch
from worker.contract.result import timestamp
from worker.models.building import Origin
from worker.models.model import UNKNOWN_MODEL, Documents


def documents_of(batch: Batch) -> Documents:
    """Give the comments whose embedding is not the zero vector."""
    ids = [batch.submission_ids[position] for position in batch.kept.tolist()]
    return Documents(batch.texts, ids, batch.embeddings)


def origin_of(now: datetime, parent: str, embedding_model: str = UNKNOWN_MODEL) -> Origin:
    """Say where a model comes from; `parent` is "" for none. An envelope does not say what made its embeddings."""
    return Origin(at=timestamp(now), parent=parent, embedding_model=embedding_model)
