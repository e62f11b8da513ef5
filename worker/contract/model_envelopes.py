"""The envelopes of the kinds of job that need a kept model: their rules, and how they are read."""

from dataclasses import replace
from typing import Annotated, Final

from pydantic import Strict

from worker.contract.envelope import Batch, Rejection, Skip, read_envelope
from worker.contract.job_types import JobType, only, schema_of
from worker.contract.model_reference import ModelReference
from worker.contract.rules import Envelope, Params
from worker.contract.too_few import nothing_to_update, too_few_to_fit, too_few_to_predict, too_few_to_update
from worker.models.model import FEWEST_IN_PART

_NO_PREVIOUS: Final = "previous is ignored: the topics of the tenant's kept model stay"
_NO_VERSION: Final = "model.version is ignored: only a prediction names a version, all others go on from the active one"

_NO_EXTENSIONS: Final = "aspects, tier1_guided and multi_topic are ignored: {only}"
_ONLY_A_FIT: Final = "only a topic-model job gives them"
_ONLY_A_FIRST_FIT: Final = "an update gives them only if it begins a model"

_SMALL_TOPICS: Final = (
    "min_topic_size is {size}: a topic of fewer than {fewest} comments gets no vector in the kept model, so no later "
    "comment is ever assigned to it; leave min_topic_size out, or send at least {fewest}"
)


class UpdateEnvelope(Envelope):
    """The envelope of an update."""

    type: Annotated[str, Strict(), only(JobType.UPDATE), schema_of(JobType.UPDATE)]
    model: ModelReference


class PredictEnvelope(Envelope):
    """The envelope of a prediction."""

    type: Annotated[str, Strict(), only(JobType.PREDICT), schema_of(JobType.PREDICT)]
    model: ModelReference


class RebuildEnvelope(Envelope):
    """The envelope of a rebuild."""

    type: Annotated[str, Strict(), only(JobType.REBUILD), schema_of(JobType.REBUILD)]
    model: ModelReference


def read_fit(data: object) -> Batch | Rejection:
    """Read the envelope of a fit, whose model may be kept."""
    batch = read_envelope(data)
    return batch if isinstance(batch, Rejection) else _for_model(batch)


def read_update(data: object) -> Batch | Rejection | Skip:
    """Read the envelope of an update; one with too few comments is skipped, unless all are zero vectors."""
    batch = read_envelope(data, UpdateEnvelope, nothing_to_update)
    if isinstance(batch, Rejection):
        return batch
    sent = data.get("params") if isinstance(data, dict) else None
    reason = too_few_to_update(batch.n_items, len(batch.kept), Params.model_validate(sent or {}))
    if reason:
        return Skip(reason, batch.correlation)
    return _without_extensions(_without_previous(_for_model(batch)), _ONLY_A_FIRST_FIT)


def read_prediction(data: object) -> Batch | Rejection:
    """Read the envelope of a prediction."""
    batch = read_envelope(data, PredictEnvelope, too_few_to_predict)
    return batch if isinstance(batch, Rejection) else _without_extensions(_without_previous(batch), _ONLY_A_FIT)


def read_rebuild(data: object) -> Batch | Rejection:
    """Read the envelope of a rebuild."""
    batch = read_envelope(data, RebuildEnvelope, too_few_to_fit)
    if isinstance(batch, Rejection):
        return batch
    return _without_extensions(_without_previous(_for_model(batch)), _ONLY_A_FIT)


def _for_model(batch: Batch) -> Batch:
    return _with_small_topics(_without_version(batch))


def _with_small_topics(batch: Batch) -> Batch:
    """Warn of topics that would be too small for a vector."""
    size = batch.params.min_cluster_size
    if batch.model is None or size is None or size >= FEWEST_IN_PART:
        return batch
    return replace(batch, warnings=(*batch.warnings, _SMALL_TOPICS.format(size=size, fewest=FEWEST_IN_PART)))


def _without_version(batch: Batch) -> Batch:
    model = batch.model
    if model is None or model.version is None:
        return batch
    return replace(batch, model=ModelReference(tenant=model.tenant), warnings=(*batch.warnings, _NO_VERSION))


def _without_previous(batch: Batch) -> Batch:
    if batch.previous is None:
        return batch
    return replace(batch, previous=None, warnings=(*batch.warnings, _NO_PREVIOUS))


def _without_extensions(batch: Batch, only: str) -> Batch:
    """Warn of what was asked for and is not given."""
    if not batch.params.is_guided and not batch.params.multi_topic:
        return batch
    return replace(batch, warnings=(*batch.warnings, _NO_EXTENSIONS.format(only=only)))
