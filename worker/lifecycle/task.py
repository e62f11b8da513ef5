"""What the compute process is asked to do with a kept model: plain values, numpy only."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final

import numpy as np

from worker.contract.envelope import Batch
from worker.contract.result import Document
from worker.labels.service import LabelService
from worker.models.model import UNKNOWN_MODEL
from worker.store.retention import KEEP_ALL, Retention
from worker.topics.fit import TopicFit
from worker.topics.task import FitBatch

N_DIGITS: Final = 16
_MARK: Final = "#"


@dataclass(frozen=True, eq=False)
class ModelTask:
    """A batch, and where the models of its tenant are kept.

    Each gives the result document, a `ModelRefusal`, or `NoTopics`.

    Attributes:
        function: that runs it, imported in the compute process only.
        batch: with the model that is meant.
        store: the URL of the model store.
        job_id: of the job.
        retention: how many versions of the tenant are kept, once there is a new one.
        labels: the language model that names new topics, if the batch asks for names; None for none.
    """

    function: ClassVar[str]

    batch: Batch = field(repr=False)
    store: str
    job_id: str
    retention: Retention = KEEP_ALL
    labels: LabelService | None = None

    @property
    def tenant(self) -> str:
        """Whose model is meant."""
        if self.batch.model is None:
            raise ValueError("a batch without a model")
        return self.batch.model.tenant

    def name(self) -> str:
        """Name the job and its batch: a retry has the same name, and a later job that was given the same id has not."""
        batch, digest = self.batch, hashlib.sha256()
        asked = (repr(batch.params), *(["labels"] if batch.labels else []))
        for part in (self.function, *batch.submission_ids, *batch.texts, *asked):
            digest.update(f"{len(part)}:".encode() + part.encode())
        # Two machines may embed a text with other last bits.
        is_made = len(batch.missing) and len(batch.embeddings) == len(batch.kept)
        sent = np.delete(batch.embeddings, batch.missing, axis=0) if is_made else batch.embeddings
        digest.update(np.ascontiguousarray(sent).data)
        return f"{self.job_id}{_MARK}{digest.hexdigest()[:N_DIGITS]}"


def job_id_in(name: str) -> str:
    """Give the id of the job in what `ModelTask.name` gave; "" for an activation by a person."""
    return name.rpartition(_MARK)[0] or name


@dataclass(frozen=True, eq=False)
class LabelledFit:
    """Fit a batch without keeping its model, and name its topics for people; gives what the fit gives.

    Attributes:
        function: that runs it, imported in the compute process only.
        fit: of the batch.
        labels: the language model that names topics; None for none.
        known: the names of the topics that stay, by their number.
    """

    function: ClassVar[str] = "worker.lifecycle.labelling:run"

    fit: FitBatch
    labels: LabelService | None
    known: Mapping[int, str] = field(default_factory=dict, repr=False)


class FitModel(ModelTask):
    """Fit the batch and keep its model."""

    function = "worker.lifecycle.fitting:run"


@dataclass(frozen=True, eq=False)
class InspectedFit(ModelTask):
    """Fit the batch and keep its model, for a person who looks at the fit: gives an `InspectedModel` for the document.

    Attributes:
        embedding_model: what made the embeddings.
        diagnose: whether the fit comes with what explains it, and with what other parameters would give.
        reruns: without a few of the comments, to say how far its topics hold together.
    """

    function = "worker.lifecycle.fitting:run_inspected"

    embedding_model: str = UNKNOWN_MODEL
    diagnose: bool = False
    reruns: int = 0


@dataclass(frozen=True, eq=False)
class InspectedModel:
    """A fit whose model was kept.

    Attributes:
        document: the result document.
        fit: the fit.
    """

    document: Document
    fit: TopicFit = field(repr=False)


class UpdateModel(ModelTask):
    """Add the batch to the model."""

    function = "worker.lifecycle.updating:run"


class PredictTopics(ModelTask):
    """Assign the batch to the topics of the model."""

    function = "worker.lifecycle.predicting:run"


class RebuildModel(ModelTask):
    """Fit the batch and carry the numbers of the model's topics over."""

    function = "worker.lifecycle.rebuilding:run"


class EvaluateModel(ModelTask):
    """Assign the batch to the topics of the model, and measure them."""

    function = "worker.lifecycle.evaluating:run"
