"""The kind `topic-model.tune`: settings are tried on a batch, and the best is named; nothing is kept."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, cast

from worker.contract.job_types import JobType
from worker.contract.result import Document, no_topics
from worker.contract.tuning_envelope import Tuning, read_tuning
from worker.contract.tuning_result import tuned
from worker.contract.tuning_schema import tune_definitions
from worker.jobs.kind import JobKind, Surroundings
from worker.topics.fit import EMBED, NoTopics, Stage
from worker.topics.trials import TuneBatch, Tuned

# As `worker.topics.tuning` names it, which the worker process does not import.
TRY: Final = "try"


def task_of(tuning: Tuning, _: Surroundings) -> TuneBatch:
    """Give the task of a search."""
    batch = tuning.batch
    return TuneBatch(batch.texts, batch.embeddings, batch.params, tuning.grid, batch.missing)


def _respond(tuning: Tuning, outcome: Tuned | NoTopics, now: datetime) -> Document:
    return no_topics(outcome, now=now) if isinstance(outcome, NoTopics) else tuned(tuning.batch, outcome, now=now)


def _summarize(document: Document) -> Mapping[str, object]:
    best = cast(Mapping[str, Any], document["best"])
    trials = len(cast(list[Any], document["trials"]))
    return {"trials": trials, **{f"best_{name}": value for name, value in best["params"].items()}} | {
        "beats_default": best["beatsDefault"],
        "gain": best["gain"],
        "noise": best["noise"],
    }


TUNE: Final = JobKind(
    name=JobType.TUNE.value,
    stages={Stage.VALIDATE: 0, EMBED: 1, Stage.NEIGHBOURS: 2, TRY: 5},
    read=read_tuning,
    task=task_of,
    respond=_respond,
    summarize=_summarize,
    definitions=tune_definitions,
)
