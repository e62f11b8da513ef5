"""What the tasks of the kinds that use a kept model give, as the job's return value."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, TypeAlias, cast

from worker.contract.envelope import Batch, Rejection
from worker.contract.result import Document, failed, no_topics
from worker.lifecycle.model_refusal import ModelRefusal
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
    if "drift" not in document:  # an update that began a model
        return summarize_fit(document)
    counts: dict[str, object] = {name: len(cast(list[Any], document[name])) for name in _COUNTED if name in document}
    drift = cast(Mapping[str, object], document["drift"])
    return {**counts, "outliers": document["outlierCount"], "drift": drift["level"], **version_in(document)}


def summarize_fit(document: Document) -> Mapping[str, object]:
    """Say what the log says of the return value of a fit."""
    continuity = cast(Mapping[str, Any], document.get("continuity", {}))
    return {
        **{name: len(continuity[name]) for name in ("kept", "born", "faded") if name in continuity},
        **({"refit_advised": continuity["refit"]["why"]} if continuity and continuity["refit"]["advised"] else {}),
        "topics": len(cast(list[Any], document["topics"])),
        "outliers": document["outlierCount"],
        **cast(Mapping[str, object], document["metrics"]),
        **version_in(document),
    }


def version_in(document: Document) -> Mapping[str, object]:
    """Name the model of a return value as logs do; nothing if it has none."""
    model = cast(Mapping[str, object], document.get("model", {}))
    names = {"tenant": "tenant", "version": "model_version", "previousVersion": "previous_version"}
    return {names[name]: value for name, value in model.items()}
