"""Batches of tenants, and the tasks that a worker would make of them."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tests.lifecycle.theme_engine import fit
from tests.topics.themes import themed_corpus
from worker.compute.tasks import import_function
from worker.contract.envelope import Batch
from worker.jobs.kind import Surroundings
from worker.jobs.registry import KINDS
from worker.lifecycle.events import TaskEvent
from worker.lifecycle.task import ModelTask
from worker.store.retention import KEEP_ALL, Retention
from worker.store.store import ModelStore
from worker.topics.engine import Engine

TENANT = "campus-3"
N_THEMES = 4
PER_THEME = 12
N_PER_DAY = N_THEMES * PER_THEME
MOST_DAYS = 60

ENGINE = Engine(fit, None, "cpu", "knows the themes")


@cache
def _items() -> list[list[dict[str, Any]]]:
    """Make the comments of each theme."""
    n = PER_THEME * MOST_DAYS
    texts, embeddings, _ = themed_corpus(n, N_THEMES)
    rows = embeddings.astype(np.float64).round(4).tolist()
    items = [
        {"submissionId": f"comment-{i}", "text": text, "embedding": row}
        for i, (text, row) in enumerate(zip(texts, rows, strict=True))
    ]
    return [items[theme * n : (theme + 1) * n] for theme in range(N_THEMES)]


def envelope_of(day: int, kind: str = "topic-model", *, tenant: str = TENANT, **fields: Any) -> dict[str, Any]:
    """Make the envelope of a day: as many comments of each theme, none of them of another day."""
    items = [item for theme in _items() for item in theme[day * PER_THEME : (day + 1) * PER_THEME]]
    own = [{**item, "submissionId": f"{item['submissionId']}-{tenant}"} for item in items]
    return {"type": kind, "version": "1.0", "items": own, "model": {"tenant": tenant}, **fields}


def task_of(envelope: dict[str, Any], store: Path | str, job_id: str, retention: Retention = KEEP_ALL) -> ModelTask:
    """Make the task that a worker would make."""
    kind = KINDS[envelope["type"]]
    batch = kind.read(envelope)
    assert isinstance(batch, Batch), batch
    task = kind.task(batch, Surroundings(job_id, str(store), retention))
    assert isinstance(task, ModelTask)
    return task


def run(
    envelope: dict[str, Any],
    store: Path | str,
    job_id: str,
    *,
    engine: Engine = ENGINE,
    events: list[TaskEvent] | None = None,
    retention: Retention = KEEP_ALL,
) -> Any:
    """Run a job as the compute process would."""
    task = task_of(envelope, store, job_id, retention)
    return import_function(task.function)(task, engine, (events if events is not None else []).append)


def seen_by(store: Path | str, tenant: str = TENANT) -> int:
    """Tell how many comments the tenant's active model has seen."""
    opened = ModelStore(str(store))
    active = opened.active(tenant)
    assert active is not None
    return int(opened.config(tenant, active.version).details["seen"])
