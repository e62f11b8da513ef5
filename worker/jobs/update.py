"""The kind `topic-model.update`: the comments that are new since last time are added to the model of a tenant."""

from typing import Final

from worker.contract.job_types import JobType
from worker.contract.model_envelopes import read_update
from worker.contract.model_schema import update_definitions
from worker.jobs.kind import JobKind
from worker.jobs.model_outcome import document_of_model, summarize_model
from worker.jobs.topic_model import FIT_STAGES
from worker.lifecycle.stages import ModelStage
from worker.lifecycle.task import UpdateModel
from worker.topics.fit import EMBED, Stage

UPDATE: Final = JobKind(
    name=JobType.UPDATE.value,
    stages={
        Stage.VALIDATE: 0,
        EMBED: 1,
        ModelStage.LOAD: 2,
        **FIT_STAGES,
        ModelStage.KEEP: 97,
    },
    read=read_update,
    task=lambda batch, given: UpdateModel(batch, given.model_store, given.job_id, given.retention, given.labels),
    respond=document_of_model,
    summarize=summarize_model,
    definitions=update_definitions,
)
