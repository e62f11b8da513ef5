"""The kind `topic-model.rebuild`: topics are found anew in recent comments, and those that match keep their numbers."""

from typing import Final

from worker.contract.job_types import JobType
from worker.contract.model_envelopes import read_rebuild
from worker.contract.model_schema import rebuild_definitions
from worker.jobs.kind import JobKind
from worker.jobs.model_outcome import document_of_model, summarize_model
from worker.jobs.topic_model import FIT_STAGES
from worker.lifecycle.stages import ModelStage
from worker.lifecycle.task import RebuildModel
from worker.topics.fit import EMBED, Stage

REBUILD: Final = JobKind(
    name=JobType.REBUILD.value,
    stages={
        Stage.VALIDATE: 0,
        EMBED: 1,
        ModelStage.LOAD: 2,
        **FIT_STAGES,
        ModelStage.KEEP: 97,
    },
    read=read_rebuild,
    task=lambda batch, given: RebuildModel(batch, given.model_store, given.job_id, given.retention, given.labels),
    respond=document_of_model,
    summarize=summarize_model,
    definitions=rebuild_definitions,
)
