"""The log of a tenant's active versions, and the kinds of job that write it."""

from pathlib import Path

from tests.lifecycle.batches import TENANT
from worker.store.store import ModelStore

UPDATE = "topic-model.update"
PREDICT = "topic-model.predict"
REBUILD = "topic-model.rebuild"


def activations(store: Path, tenant: str = TENANT) -> list[tuple[int, str, str]]:
    """List the log from the first entry on: number, job without its fingerprint, version."""
    entries = reversed(ModelStore(str(store)).activations(tenant))
    return [(entry.seq, entry.job_id.partition("#")[0], entry.version) for entry in entries]
