"""What the tasks of the kinds that use a kept model give, as the job's return value."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, TypeAlias, cast

from worker.contract.envelope import Batch, Rejection
from worker.contract.result import Document, failed, no_topics
from worker.lifecycle.refusal import ModelRefusal
from worker.topics.fit import NoTopics

ModelOutcome: TypeAlias = Document | ModelRefusal | NoTopics | Rejection
_COUNTED: Final = ("topics", "assignments", "born")


def document_of_model(_: Batch, outcome: ModelOutcome, now: datetime) -> Document:
    """Make the return value of what a task gave; a document was made where the model is, before it was kept."""
    if isinstance(outcome, ModelRefusal | Rejection):
        return failed(outcome.error, now=now)
    if isinstance(outcome, NoTopics):
        return no_topics(outcome, now=now)
    return outcome


def summarize_model(document: Document) -> Mapping[str, object]:
    """Say what the log says of such a return value."""
    counts: dict[str, object] = {name: len(cast(list[Any], document[name])) for name in _COUNTED if name in document}
    drift = cast(Mapping[str, object], document.get("drift", {}))
    model = cast(Mapping[str, object], document.get("model", {}))
    return {
        **counts,
        "outliers": document["outlierCount"],
        **({"drift": drift["level"]} if drift else {}),
        **model,
    }
