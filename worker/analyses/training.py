"""`train`: find the topics of a table, keep their model, and show them."""

from dataclasses import replace
from datetime import UTC, datetime

from worker.analyses.analysis import Analysis, Terminals
from worker.analyses.request import Asked
from worker.contract.envelope import Batch
from worker.exit_codes import ExitCode
from worker.jobs.model_outcome import document_of_model
from worker.jobs.topic_model import TOPIC_MODEL, fit_once
from worker.lifecycle.task import InspectedFit, InspectedModel
from worker.replay.checking import checked_changes
from worker.replay.report.page import write_report
from worker.replay.report.view import make_view
from worker.replay.request import FITS_OF_LEVERS, RERUNS_OF_REPORT, Request
from worker.replay.session import Session, source_of
from worker.settings import Settings
from worker.store.store import ModelStore


def train(asked: Asked, settings: Settings, terminals: Terminals | None = None) -> ExitCode:
    """Fit a table and keep the model as the tenant's active one.

    Raises:
        BadUsage, UnreadableTable, UnwritableFile: what was asked cannot be done.
        WorkerError: the infrastructure failed.
    """
    with Analysis(asked, settings, terminals) as analysis:
        # Before an hour of embedding whose model could not be kept.
        ModelStore(settings.model_store, analysis.told.warn).check_writable()
        batch = analysis.batch(TOPIC_MODEL, model=analysis.model_reference())
        if not isinstance(batch, Batch):
            return analysis.refuse(batch)
        given = analysis.surroundings
        analysis.tracked.begin(TOPIC_MODEL.name, given.job_id, batch)
        task = InspectedFit(
            batch,
            given.model_store,
            given.job_id,
            given.retention,
            given.labels,
            embedding_model=analysis.embedding_model,
            diagnose=asked.report is not None,
            reruns=RERUNS_OF_REPORT if asked.report is not None else 0,
        )
        n_fits = 1 if asked.report is None else 1 + RERUNS_OF_REPORT + FITS_OF_LEVERS
        outcome = analysis.run(TOPIC_MODEL, task, n_fits)
        if not isinstance(outcome, InspectedModel):
            return analysis.finish(document_of_model(batch, outcome, datetime.now(UTC)))
        analysis.answer.show_fit(batch, outcome.fit, outcome.document)
        _tell_where(analysis, outcome)
        if asked.report is not None:
            _report(asked.report, analysis, outcome, batch)
        return analysis.finish(outcome.document)


def _tell_where(analysis: Analysis, made: InspectedModel) -> None:
    model = made.document["model"]
    version = model["version"] if isinstance(model, dict) else ""
    named = "" if analysis.asked.tenant is None else f" --tenant {analysis.tenant}"
    analysis.answer.say(
        f"kept: version {version} of {analysis.tenant}; assign other comments by: python -m worker predict FILE{named}"
    )


def _report(path: str, analysis: Analysis, made: InspectedModel, batch: Batch) -> None:
    batch = analysis.as_trained(batch)
    source = source_of(Request(source=analysis.asked.name or analysis.asked.path))
    stages = tuple(analysis.computing.stages)
    task = replace(fit_once(batch), diagnose=True, stability=RERUNS_OF_REPORT)
    session = Session(
        source,
        batch,
        made.fit,
        made.document,
        stages,
        analysis.asked.params,
        extras=analysis.extras,
        checked=checked_changes(batch, made.fit, task, analysis.computing, analysis.told),
    )
    write_report(path, make_view(session))
    analysis.told.say(f"report: {path}")
