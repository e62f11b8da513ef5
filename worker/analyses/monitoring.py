"""`monitor`: whether the comments of a table are like those that a kept model saw."""

from datetime import UTC, datetime
from typing import Any, Final

from worker.analyses.analysis import Analysis
from worker.analyses.drifting import drift_lines
from worker.analyses.request import Asked
from worker.contract.envelope import Batch
from worker.contract.result import rounded
from worker.exit_codes import ExitCode
from worker.jobs.predict import PREDICT
from worker.jobs.topic_model import TOPIC_MODEL, fit_once
from worker.models.drift import FEWEST
from worker.models.model import KeptModel
from worker.models.model_file import from_files
from worker.settings import Settings
from worker.store.store import ModelStore
from worker.topics.fit import NoTopics

_CODES: Final = {
    "LOW": ExitCode.COMPLETED,
    "MEDIUM": ExitCode.DRIFT_MEDIUM,
    "HIGH": ExitCode.DRIFT_HIGH,
}


def monitor(asked: Asked, settings: Settings) -> ExitCode:
    """Say LOW, MEDIUM or HIGH, and what moved; the exit code tells the level. Raises as `train`."""
    with Analysis(asked, settings) as analysis:
        analysis.expect_same_embeddings()
        batch = analysis.batch(PREDICT, model=analysis.model_reference())
        if not isinstance(batch, Batch):
            return analysis.refuse(batch)
        is_enough = batch.n_items >= FEWEST
        task = PREDICT.task(batch, analysis.surroundings)
        outcome = analysis.run(PREDICT, task, another_follows=is_enough)
        result: dict[str, Any] = dict(PREDICT.respond(batch, outcome, datetime.now(UTC)))
        if result["status"] != "completed":
            return analysis.finish(result)
        model = _read(analysis, result["model"]["version"])
        if is_enough:
            result["keywordJaccard"] = _keyword_jaccard(analysis, batch, model)
        for line in drift_lines(result, model, len(batch.kept)):
            analysis.answer.say(line)
        code = analysis.finish(result)
        return code if code is not ExitCode.COMPLETED else _CODES[result["drift"]["level"]]


def _read(analysis: Analysis, version: str) -> KeptModel:
    store = ModelStore(analysis.settings.model_store, analysis.told.warn)
    return from_files(*store.read(analysis.tenant, version))


def _keyword_jaccard(analysis: Analysis, batch: Batch, model: KeptModel) -> float | None:
    """Give Jaccard's coefficient of the model's keywords and those of topics found anew; None if none are found."""
    (fit,) = analysis.run(TOPIC_MODEL, fit_once(analysis.as_trained(batch)))
    if isinstance(fit, NoTopics):
        return None
    anew = {keyword for topic in fit.topics for keyword in topic.keywords}
    known = {keyword for topic in model.in_reports for keyword in topic.keywords}
    return rounded(len(anew & known) / len(anew | known))
