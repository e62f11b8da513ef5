"""`evaluate`: the quality metrics of a table's topics, and how far they agree with labels that people gave."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

from worker.analyses.analysis import Analysis
from worker.analyses.request import Asked
from worker.contract.envelope import Batch, Rejection, Skip
from worker.contract.result import Document, rounded
from worker.exit_codes import ExitCode
from worker.jobs.predict import PREDICT
from worker.jobs.topic_model import TOPIC_MODEL, document_of, fit_once
from worker.lifecycle.task import EvaluateModel
from worker.replay.terminal import new_table
from worker.settings import Settings
from worker.topics.task import Agreement, CompareLabels

_MEANING: Final = {
    "npmi_coherence": "keywords that stand in the same comments (-1 to 1)",
    "topic_diversity": "keywords that no two topics share (0 to 1)",
    "outlier_ratio": "comments in no topic (0 to 1, less is better)",
    "silhouette_score": "comments nearer to their topic than to the next (-1 to 1)",
    "embedding_coherence": "keywords of like meaning (-1 to 1)",
}


def evaluate(asked: Asked, settings: Settings) -> ExitCode:
    """Measure the tenant's kept model on a table; if no tenant is named, topics found in the table itself.

    Raises as `train`.
    """
    with Analysis(asked, settings) as analysis:
        document = _measured(analysis)
        if isinstance(document, Rejection | Skip):
            return analysis.refuse(document)
        if document["status"] != "completed":
            return analysis.finish(document)
        _show(analysis, document)
        if analysis.comments.labels is not None:
            document = {**document, "agreement": _agreement(analysis, document, analysis.comments.labels)}
        return analysis.finish(document)


def _measured(analysis: Analysis) -> Document | Rejection | Skip:
    has_labels = analysis.asked.columns.label is not None
    if analysis.asked.tenant is None:
        batch = analysis.batch(TOPIC_MODEL)
        if not isinstance(batch, Batch):
            return batch
        (fit,) = analysis.run(TOPIC_MODEL, fit_once(analysis.as_trained(batch)), another_follows=has_labels)
        return document_of(batch, fit, datetime.now(UTC))
    analysis.expect_same_embeddings()
    batch = analysis.batch(PREDICT, model=analysis.model_reference())
    if not isinstance(batch, Batch):
        return batch
    surroundings = analysis.surroundings
    task = EvaluateModel(batch, surroundings.model_store, surroundings.job_id)
    # Like a fit it needs the engine, whose encoder gives the keywords their vectors.
    outcome = analysis.run(TOPIC_MODEL, task, another_follows=has_labels)
    return PREDICT.respond(batch, outcome, datetime.now(UTC))


def _show(analysis: Analysis, document: Mapping[str, Any]) -> None:
    topics = document["topics"]
    table = new_table("topic", "comments", "keywords", numbers=2)
    for topic in topics:
        table.add_row(str(topic["topicIndex"]), str(topic["docCount"]), ", ".join(topic["keywords"][:6]))
    analysis.answer.show(table)
    measured = new_table("metric", "value", "what it says")
    for name, value in document["metrics"].items():
        measured.add_row(name, f"{value:.4f}", _MEANING[name])
    analysis.answer.show(measured)


def _agreement(analysis: Analysis, document: Mapping[str, Any], labels: tuple[str, ...]) -> dict[str, Any]:
    own = {assignment["submissionId"]: assignment["topicIndex"] for assignment in document["assignments"]}
    topics = np.array([own.get(id_, -1) for id_ in analysis.comments.ids], dtype=np.int64)
    found: Agreement = analysis.computing.run(CompareLabels(topics, labels), 1)
    analysis.answer.say(
        f"agreement with column {analysis.asked.columns.label} ({found.n_labels} labels of {found.n_labelled:,} "
        f"comments): NMI {found.nmi:.4f} over the {found.coverage:.1%} that are in a topic, "
        f"{found.nmi_with_outliers:.4f} over all, outliers as one topic more"
    )
    return {
        "labelled": found.n_labelled,
        "labels": found.n_labels,
        "nmi": rounded(found.nmi),
        "nmi_with_outliers": rounded(found.nmi_with_outliers),
        "coverage": rounded(found.coverage),
    }
