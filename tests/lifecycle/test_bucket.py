"""A tenant's models in a bucket of a real S3 server."""

import json

import pytest

from tests.lifecycle.batches import N_PER_DAY, TENANT, envelope_of, run, seen_by
from tests.store.conftest import Place, bucket
from worker.lifecycle import models
from worker.lifecycle.events import StoreUsed, TaskEvent
from worker.store.store import ModelStore

__all__ = ["bucket"]


@pytest.mark.slow
def test_a_model_lives_in_a_bucket(bucket: Place) -> None:
    """Fit, update, the update once more by a process that has read no model, predict."""
    events: list[TaskEvent] = []
    run(envelope_of(0), bucket.url, "first", events=events)
    updated = run(envelope_of(1, "topic-model.update"), bucket.url, "second", events=events)
    models._models.clear()
    again = run(envelope_of(1, "topic-model.update"), bucket.url, "second", events=events)
    assert json.dumps(again) == json.dumps(updated)
    assert seen_by(bucket.url) == 2 * N_PER_DAY
    predicted = run(envelope_of(2, "topic-model.predict"), bucket.url, "third", events=events)
    assert predicted["model"]["version"] == updated["model"]["version"]
    assert len(ModelStore(bucket.url).activations(TENANT)) == 2
    used = [event for event in events if isinstance(event, StoreUsed)]
    assert {event.operation for event in used} == {"find", "read", "write", "activate"}
    assert not any(event.error for event in used)
