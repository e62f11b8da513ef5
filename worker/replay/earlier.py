"""The earlier job that an envelope names as `previous`: what it returned is read from Redis, if there is one."""

from dataclasses import replace
from typing import Any

from worker.contract.envelope import Batch
from worker.errors import UnreadableJob
from worker.jobs.kind import JobKind
from worker.jobs.topic_model import TOPIC_MODEL
from worker.queue.stored_job import read_stored_job
from worker.replay.sweep import Variant
from worker.replay.terminal import Terminal
from worker.settings import Settings


def completed_by_earlier(kind: JobKind[Any], request: Any, settings: Settings, terminal: Terminal) -> Any:
    """Complete a request that needs what an earlier job returned; without Redis it stands by itself.

    Raises:
        RedisUnusable: Redis does not answer, or refuses.
    """
    job_id = kind.reference(request)
    return request if job_id is None else kind.refer(request, _returned_by(job_id, settings, terminal))


def variants_by_earlier(variants: list[Variant], settings: Settings, terminal: Terminal) -> list[Variant]:
    """Complete the variants of one batch; the earlier job is read once.

    Raises:
        RedisUnusable: Redis does not answer, or refuses.
    """
    batch = next((variant.outcome for variant in variants if isinstance(variant.outcome, Batch)), None)
    if batch is None or TOPIC_MODEL.reference(batch) is None:
        return variants
    found = completed_by_earlier(TOPIC_MODEL, batch, settings, terminal)
    return [
        replace(variant, outcome=replace(variant.outcome, previous=found.previous, warnings=found.warnings))
        if isinstance(variant.outcome, Batch)
        else variant
        for variant in variants
    ]


def _returned_by(job_id: str, settings: Settings, terminal: Terminal) -> object:
    if "redis_url" not in settings.model_fields_set:
        terminal.warn("previous names a job, and REDIS_URL is not set: give the result itself, or set REDIS_URL")
        return None
    try:
        return read_stored_job(job_id, settings).result
    except UnreadableJob as error:
        terminal.warn(str(error))
        return None
