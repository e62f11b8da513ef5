"""`--sweep`: one batch with several values of a parameter, in one table."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from worker.contract.envelope import Batch, Rejection, read_envelope, revalidated
from worker.contract.result import Document, failed
from worker.jobs.topic_model import document_of
from worker.replay.experiment import with_params
from worker.replay.files import UnwritableFile
from worker.replay.terminal import Terminal, new_table
from worker.topics.fit import NoTopics, Stage, StageFinished, TopicFit, TopicParams

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


@dataclass(frozen=True, eq=False)
class Result:
    """What came of a value.

    Attributes:
        value: of the parameter.
        batch: None where the contract refuses it with this value.
        fit: None where there is none.
        document: the result document in any case.
        stages: of this fit, and what came before all of them.
    """

    value: object
    batch: Batch | None
    fit: TopicFit | None
    document: Document
    stages: tuple[StageFinished, ...] = ()


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


def results_of(
    variants: list[Variant],
    fits: tuple[TopicFit | NoTopics, ...],
    stages: Sequence[StageFinished],
    now: datetime,
) -> list[Result]:
    """Put together what came of each value, in their order.

    Args:
        variants: as validated.
        fits: one for each value that was not refused.
        stages: of all the fits, in the order they finished.
        now: for `completedAt`.
    """
    left, parts = iter(fits), iter(_stages_by_fit(stages))
    results = []
    for variant in variants:
        if isinstance(variant.outcome, Rejection):
            results.append(Result(variant.value, None, None, failed(variant.outcome.error, now=now)))
            continue
        fit, part = next(left), next(parts, ())
        document = document_of(variant.outcome, fit, now)
        topics = None if isinstance(fit, NoTopics) else fit
        results.append(Result(variant.value, variant.outcome, topics, document, part))
    return results


def path_of(path: str, name: str, value: object) -> str:
    """Name the file of a value: `out.html` becomes `out.nr_topics=20.html`.

    Raises:
        UnwritableFile: the path names no file, but a folder.
    """
    if os.path.basename(path) in ("", ".", ".."):
        raise UnwritableFile(f"cannot write {path}: it names no file, write e.g. out.html")
    whole, written = Path(path), shown(value).replace("/", "_")
    return str(whole.with_name(f"{whole.stem}.{name}={written}{whole.suffix}"))


def show_sweep(terminal: Terminal, name: str, results: list[Result]) -> None:
    """Print one line for each value."""
    table = new_table(name, "topics", "largest", *_METRICS.values(), numbers=3 + len(_METRICS))
    for result in results:
        metrics = result.document.get("metrics")
        if result.batch is None or result.fit is None or not isinstance(metrics, dict):
            table.add_row(shown(result.value), "failed")
            terminal.say(f"{name}={shown(result.value)} failed: {result.document.get('error')}")
            continue
        topics = result.fit.topics
        largest = topics[0].size / len(result.batch.submission_ids)
        row = [f"{float(str(metrics[metric])):.4f}" for metric in _METRICS]
        table.add_row(shown(result.value), str(len(topics)), f"{largest:.1%}", *row)
    terminal.show(table)
    terminal.say("outliers should stay under 0.20 and the largest topic under 25%; read the keywords before you choose")


def shown(value: object) -> str:
    """Write a value as it was given."""
    return str(value).lower() if isinstance(value, bool) else "default" if value is None else str(value)


def _stages_by_fit(stages: Sequence[StageFinished]) -> list[tuple[StageFinished, ...]]:
    """Part the stages of several fits; what came before the first one belongs to all."""
    first = [at for at, stage in enumerate(stages) if stage.stage == Stage.NEIGHBOURS]
    before = tuple(stages[: first[0]]) if first else ()
    return [before + tuple(stages[begin:end]) for begin, end in pairwise([*first, len(stages)])]
