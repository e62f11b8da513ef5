"""The models that the compute process has read, by their version: a version never changes."""

from collections import OrderedDict
from dataclasses import replace
from typing import Final

from worker.contract.envelope import Batch
from worker.lifecycle.embedding import Host, is_of_another_model
from worker.lifecycle.model_refusal import ModelRefusal, Reason
from worker.lifecycle.watched_store import WatchedStore
from worker.models.model import KeptModel
from worker.models.model_file import from_files
from worker.store.activation import Activation
from worker.store.errors import VersionMissing

# A model of 20 topics of 20 parts takes 2.5 MB.
MOST_MODELS: Final = 16

_Key = tuple[str, str, str]
_models: "OrderedDict[_Key, KeptModel]" = OrderedDict()


def load(store: WatchedStore, version: str) -> KeptModel:
    """Give a version's model, from memory if it was read before.

    Raises:
        VersionMissing: there is no such version.
        StoreCorrupt, StoreUnavailable: it cannot be read.
        BrokenModel: this worker cannot read it.
    """
    key = (store.url, store.tenant, version)
    if key not in _models:
        files, details = store.read(version)
        remember(store, version, from_files(files, details))
    _models.move_to_end(key)
    return _models[key]


def load_active(store: WatchedStore, active: Activation) -> KeptModel:
    """Give the active model to go on from, as `load`; its next new topics get numbers that no version has used.

    If a person went back to it, later versions may have given numbers to topics that it does not know.
    """
    model = load(store, active.version)
    if active.job_id:
        return model
    return replace(model, highest=max(model.highest, highest_used(store)))


def highest_used(store: WatchedStore) -> int:
    """Give the highest number that a topic of any of the tenant's versions was ever given; -1 for none."""
    return max((int(details.get("highest", -1)) for details in store.all_details()), default=-1)


def remember(store: WatchedStore, version: str, model: KeptModel) -> None:
    """Keep a model in memory, and forget the one that was not used for the longest time."""
    _models[store.url, store.tenant, version] = model
    while len(_models) > MOST_MODELS:
        _models.popitem(last=False)


def find(store: WatchedStore, version: str | None, batch: Batch, host: Host) -> tuple[str, KeptModel] | ModelRefusal:
    """Give the version and the model that a batch is meant for, or say why it is not to be had.

    Args:
        store: of the tenant.
        version: None for the active one.
        batch: with all its embeddings.
        host: of the compute process.

    Raises:
        StoreCorrupt, StoreUnavailable: it cannot be read.
        BrokenModel: this worker cannot read it.
    """
    if version is None:
        active = store.active()
        if active is None:
            return ModelRefusal(Reason.NO_MODEL, store.tenant)
        version = active.version
        model = load(store, version)
    else:
        try:
            store.expect(version)  # a model in memory may have been deleted since
            model = load(store, version)
        except VersionMissing:
            return ModelRefusal(Reason.NO_VERSION, store.tenant, version)
    return refused_embeddings(store, model, batch, host) or (version, model)


def refused_embeddings(store: WatchedStore, model: KeptModel, batch: Batch, host: Host) -> ModelRefusal | None:
    """Say that a batch has embeddings of another length or model than the kept ones; None if it has not."""
    dimension = batch.embeddings.shape[1]
    if model.dimension != dimension:
        return ModelRefusal(Reason.OTHER_DIMENSION, store.tenant, expected=model.dimension, got=dimension)
    if is_of_another_model(batch, host, model.embedding_model):
        return ModelRefusal(Reason.OTHER_MODEL, store.tenant, embedding_model=model.embedding_model)
    return None
