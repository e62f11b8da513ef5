"""A kind of job that only the tests have: it counts words. All that it needs stands in this file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

import numpy as np

from worker.contract.envelope import Correlation, Rejection, read_correlation
from worker.contract.result import Document
from worker.errors import EngineFailed
from worker.jobs.kind import JobKind
from worker.topics.fit import FloatArray, StageFinished, StageStarted


@dataclass(frozen=True, eq=False)
class Texts:
    """The request: texts, and what a word of each counts."""

    texts: tuple[str, ...]
    weights: FloatArray
    correlation: Correlation
    warnings: tuple[str, ...] = ("one warning",)

    @property
    def n_items(self) -> int:
        """How many texts there are."""
        return len(self.texts)


@dataclass(frozen=True, eq=False)
class CountWords:
    """The task; its array crosses as raw bytes."""

    function: ClassVar[str] = "tests.jobs.word_count:count_words"
    texts: tuple[str, ...]
    weights: FloatArray


def count_words(task: CountWords, host: object, on_stage: Callable[[object], None]) -> float:
    """Run in the compute process."""
    on_stage(StageStarted("count"))
    if "stumble" in task.texts:
        raise ValueError(task.texts)
    total = float(sum(weight * len(text.split()) for text, weight in zip(task.texts, task.weights, strict=True)))
    on_stage(StageFinished("count", 0.5, {"words": total}))
    return total


def read(data: object) -> Texts | Rejection:
    """Read the envelope."""
    correlation = read_correlation(data)
    texts = data.get("items") if isinstance(data, dict) else None
    if not isinstance(texts, list) or not texts:
        return Rejection("Invalid envelope: items: must name a text", correlation)
    return Texts(tuple(texts), np.full(len(texts), 0.5, dtype=np.float32), correlation)


def respond(request: Texts, total: float, now: datetime) -> Document:
    """Make the return value."""
    if total == 0:
        raise EngineFailed("no words", "count", poisoned=False)
    return {"status": "completed", "words": total, "texts": request.n_items, "completedAt": now.isoformat()}


def summarize(document: Document) -> Mapping[str, object]:
    """Give what the log says."""
    return {"words": document["words"]}


def definitions() -> Mapping[str, Any]:
    """Give the schema."""
    return {"WordCountRequest": {"type": "object"}}


WORD_COUNT = JobKind(
    name="word-count",
    stages={"validate": 0, "count": 40},
    read=read,
    task=lambda request, _: CountWords(request.texts, request.weights),
    respond=respond,
    summarize=summarize,
    definitions=definitions,
)
