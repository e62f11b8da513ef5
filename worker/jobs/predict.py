"""The kind `topic-model.predict`: comments are assigned to the topics of a kept model, which does not change."""

from typing import Final

from worker.contract.job_types import JobType
from worker.contract.model_envelopes import read_prediction
from worker.contract.model_schema import predict_definitions
from worker.jobs.kind import JobKind
from worker.jobs.model_outcome import document_of_model, summarize_model
from worker.lifecycle.stages import ModelStage
from worker.lifecycle.task import PredictTopics
from worker.topics.fit import EMBED, Stage

PREDICT: Final = JobKind(
    name=JobType.PREDICT.value,
    stages={
        Stage.VALIDATE: 0,
        EMBED: 10,
        ModelStage.LOAD: 50,
        ModelStage.ASSIGN: 60,
    },
    read=read_prediction,
    task=lambda batch, surroundings: PredictTopics(batch, surroundings.model_store, surroundings.job_id),
    respond=document_of_model,
    summarize=summarize_model,
    definitions=predict_definitions,
    needs_engine=lambda batch: len(batch.missing) > 0,
)
