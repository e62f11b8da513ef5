"""`--sweep`: run one batch with several values of a parameter and compare the results in one table."""

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
    """A value of the parameter, and the batch validated with it or the reason why the contract rejects it."""

    value: object
    outcome: Batch | Rejection


@dataclass(frozen=True, eq=False)
class Result:
    """The result for one value of the parameter.

    Attributes:
        value: the value of the parameter.
        batch: the batch; None if the contract rejects the batch with this value.
        fit: the fit; None if the batch was rejected or no topics were found.
        document: the result document, also for a failure.
        stages: the stages before all fits, such as validation, and those of this fit.
    """

    value: object
    batch: Batch | None
    fit: TopicFit | None
    document: Document
    stages: tuple[StageFinished, ...] = ()


def make_variants(data: object, overrides: Mapping[str, Any], name: str, values: list[Any]) -> list[Variant]:
    """Validate the batch with each value; the embeddings are read only once."""
    variants: list[Variant] = []
    read: Batch | None = None
    for value in values:
        document = with_params(data, {**overrides, name: value})
        outcome = revalidated(read, document) if read is not None else read_envelope(document)
        if isinstance(outcome, Batch):
            read = read or outcome
        variants.append(Variant(value, outcome))
    return variants


def variants_to_fit(variants: list[Variant]) -> tuple[Batch | None, list[TopicParams]]:
    """Give the batch, None if every value was rejected, and the parameters of each fit."""
    batches = [variant.outcome for variant in variants if isinstance(variant.outcome, Batch)]
    return (batches[0] if batches else None), [batch.params for batch in batches]


def results_of(
    variants: list[Variant],
    fits: tuple[TopicFit | NoTopics, ...],
    stages: Sequence[StageFinished],
    now: datetime,
) -> list[Result]:
    """Combine variants, fits and stages to one result for each value, in the order of the variants.

    Args:
        variants: the validated variants.
        fits: one for each variant that was not rejected, in their order.
        stages: the finished stages of all fits, in the order they finished.
        now: the time for `completedAt`.
    """
    next_fit, next_stages = iter(fits), iter(_stages_by_fit(stages))
    results = []
    for variant in variants:
        if isinstance(variant.outcome, Rejection):
            results.append(Result(variant.value, None, None, failed(variant.outcome.error, now=now)))
            continue
        fit, own_stages = next(next_fit), next(next_stages, ())
        document = document_of(variant.outcome, fit, now)
        topics = None if isinstance(fit, NoTopics) else fit
        results.append(Result(variant.value, variant.outcome, topics, document, own_stages))
    return results


def path_of(path: str, name: str, value: object) -> str:
    """Name the report of one value: `out.html` becomes `out.nr_topics=20.html`.

    Raises:
        UnwritableFile: the path names a folder, not a file.
    """
    if os.path.basename(path) in ("", ".", ".."):
        raise UnwritableFile(f"cannot write {path}: it names no file; write for example out.html")
    report, text = Path(path), value_text(value).replace("/", "_")
    return str(report.with_name(f"{report.stem}.{name}={text}{report.suffix}"))


def show_sweep(terminal: Terminal, name: str, results: list[Result]) -> None:
    """Print a table with one row for each value."""
    stable = [result.fit.stability for result in results if result.fit is not None]
    more = ["stability"] if any(stable) else []
    table = new_table(name, "topics", "largest", *_METRICS.values(), *more, numbers=3 + len(_METRICS) + len(more))
    for result in results:
        metrics = result.document.get("metrics")
        if result.batch is None or result.fit is None or not isinstance(metrics, dict):
            table.add_row(value_text(result.value), "failed")
            terminal.say(f"{name}={value_text(result.value)} failed: {result.document.get('error')}")
            continue
        topics = result.fit.topics
        largest = topics[0].size / len(result.batch.submission_ids)
        row = [f"{float(str(metrics[metric])):.4f}" for metric in _METRICS]
        found = result.fit.stability
        row += [] if found is None else [f"{found.overall:.4f}"]
        table.add_row(value_text(result.value), str(len(topics)), f"{largest:.1%}", *row)
    terminal.show(table)
    terminal.say("aim for outliers under 0.20 and a largest topic under 25%; read the keywords before you choose")


def value_text(value: object) -> str:
    """Write a value as `--sweep` takes it; `default` stands for null."""
    return str(value).lower() if isinstance(value, bool) else "default" if value is None else str(value)


def _stages_by_fit(stages: Sequence[StageFinished]) -> list[tuple[StageFinished, ...]]:
    """Split the stages by fit; each fit also gets the stages that finished before the first fit began."""
    first = [at for at, stage in enumerate(stages) if stage.stage == Stage.NEIGHBOURS]
    before = tuple(stages[: first[0]]) if first else ()
    return [before + tuple(stages[begin:end]) for begin, end in pairwise([*first, len(stages)])]
