"""`--sweep`: one batch with several values of a parameter, in one table."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from worker.envelope import Batch, Rejection, read_envelope, revalidated
from worker.replay.experiment import with_params
from worker.result import Document, completed, failed, no_topics
from worker.terminal import Terminal, new_table
from worker.topics.fit import NoTopics, TopicFit, TopicParams

_METRICS: Final = {
    "npmi_coherence": "NPMI",
    "topic_diversity": "diversity",
    "outlier_ratio": "outliers",
    "silhouette_score": "silhouette",
    "embedding_coherence": "coherence",
}


@dataclass(frozen=True, eq=False)
class Variant:
    """A value of the parameter, and the batch as it is with it; or why there is none."""

    value: object
    outcome: Batch | Rejection


def make_variants(data: object, overrides: Mapping[str, Any], name: str, values: list[Any]) -> list[Variant]:
    """Validate the batch with each value; its embeddings are read once."""
    variants: list[Variant] = []
    read: Batch | None = None
    for value in values:
        document = with_params(data, {**overrides, name: value})
        outcome = revalidated(read, document) if read is not None else read_envelope(document)
        if isinstance(outcome, Batch):
            read = read or outcome
        variants.append(Variant(value, outcome))
    return variants


def to_run(variants: list[Variant]) -> tuple[Batch | None, list[TopicParams]]:
    """Give the batch, None where every value was refused, and the parameters of each fit."""
    batches = [variant.outcome for variant in variants if isinstance(variant.outcome, Batch)]
    return (batches[0] if batches else None), [batch.params for batch in batches]


def documents_of(variants: list[Variant], fits: tuple[TopicFit | NoTopics, ...], now: datetime) -> list[Document]:
    """Build a result document for each value, in their order."""
    left = list(fits)
    documents = []
    for variant in variants:
        if isinstance(variant.outcome, Rejection):
            documents.append(failed(variant.outcome.error, now=now))
            continue
        fit = left.pop(0)
        if isinstance(fit, NoTopics):
            documents.append(no_topics(fit, now=now))
        else:
            documents.append(completed(variant.outcome, fit, now=now))
    return documents


def show_sweep(terminal: Terminal, name: str, variants: list[Variant], documents: list[Document]) -> None:
    """Print one line for each value."""
    table = new_table(name, "topics", "largest", *_METRICS.values(), numbers=3 + len(_METRICS))
    for variant, document in zip(variants, documents, strict=True):
        topics, metrics = document.get("topics"), document.get("metrics")
        if not isinstance(topics, list) or not isinstance(metrics, dict) or not isinstance(variant.outcome, Batch):
            table.add_row(_shown(variant.value), "failed")
            terminal.say(f"{name}={_shown(variant.value)} failed: {document.get('error')}")
            continue
        n_items = len(variant.outcome.submission_ids)
        largest = max(int(str(topic["docCount"])) for topic in topics if isinstance(topic, dict))
        row = [f"{float(str(metrics[metric])):.4f}" for metric in _METRICS]
        table.add_row(_shown(variant.value), str(len(topics)), f"{largest / n_items:.1%}", *row)
    terminal.show(table)
    terminal.say("outliers should stay under 0.20 and the largest topic under 25%; read the keywords before you choose")


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else "default" if value is None else str(value)
