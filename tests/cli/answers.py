"""What the tests keep in a store, and how a command on it ended."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from worker.models.model import KeptModel
from worker.models.model_file import to_files
from worker.store.store import ModelStore
from worker.topics.fit import FloatArray

T1 = datetime(2026, 3, 9, 2, 15, tzinfo=UTC)
V1 = "20260309_021500"
V2 = "20260316_021500"
Fitted = tuple[KeptModel, list[str], FloatArray]


@dataclass(frozen=True)
class Answer:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed for scripts."""
        return json.loads(self.out)

    @property
    def refusal(self) -> str:
        """The line that a command was refused with: nothing on stdout, no traceback."""
        assert self.out == ""
        assert "Traceback" not in self.err
        return self.err.splitlines()[-1].removeprefix("python -m worker: ")


Ask = Callable[..., Answer]


def put(store: ModelStore, tenant: str, model: KeptModel, at: datetime, job: str) -> str:
    """Keep and activate a model."""
    active = store.active(tenant)
    files, details = to_files(model)
    version = store.write(tenant, files, details, parent=active.version if active else None, at=at)
    store.activate(tenant, version, after=active, job_id=job)
    return version
