"""Embeddings that another model made: the job completes, its drift is HIGH, and a warning says why."""

from pathlib import Path
from typing import Any

import pytest

from tests.lifecycle.batches import TENANT, envelope_of, run
from worker.lifecycle import models
from worker.lifecycle.events import TaskEvent
from worker.topics.fit import BatchWarning

UPDATE, PREDICT, REBUILD = "topic-model.update", "topic-model.predict", "topic-model.rebuild"


def two_days(kind: str, *, is_foreign: bool) -> dict[str, Any]:
    """Give two days' comments; if foreign, with each number of an embedding at another place, as a rotation does."""
    envelope = envelope_of(1, kind)
    items = [*envelope["items"], *envelope_of(2, kind)["items"]]
    if is_foreign:
        items = [{**item, "embedding": [*item["embedding"][5:], *item["embedding"][:5]]} for item in items]
    return {**envelope, "items": items}


@pytest.mark.parametrize("kind", [PREDICT, UPDATE, REBUILD])
def test_foreign_embeddings_are_a_warning(tmp_path: Path, kind: str) -> None:
    """One that says how to go back if the comments were added; none if the embeddings are as before."""
    models._models.clear()
    events: list[TaskEvent] = []
    run(envelope_of(0), tmp_path, "first")
    run(two_days(PREDICT, is_foreign=False), tmp_path, "usual", events=events)
    assert not [event for event in events if isinstance(event, BatchWarning)]
    done = run(two_days(kind, is_foreign=True), tmp_path, "job", events=events)
    assert (done["status"], done["drift"]["level"], done["drift"]["enough"]) == ("completed", "HIGH", True)
    (warning,) = [event.line for event in events if isinstance(event, BatchWarning)]
    assert warning.startswith("the embeddings do not look like those that the model was made of")
    assert warning.endswith(f"models rollback {TENANT}") == (kind != PREDICT)
