"""`--once`: run the batch of a file or of a stored job as a worker would, and print the result document."""

import os
import sys
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from worker.contract.envelope import Batch, Rejection, Skip
from worker.contract.result import Document, failed, skipped
from worker.exit_codes import ExitCode
from worker.jobs.kind import JobKind, Surroundings
from worker.jobs.kind import Request as JobRequest
from worker.jobs.registry import kind_of, kinds_with
from worker.jobs.topic_model import TOPIC_MODEL, document_of, fit_once, with_labels
from worker.printable import printable
from worker.queue.stored_job import StoredJob, read_stored_job
from worker.replay.checking import checked_changes
from worker.replay.computing import Computing
from worker.replay.earlier import completed_by_earlier, variants_by_earlier
from worker.replay.embedding import Embedder
from worker.replay.experiment import read_settings, read_sweep, with_params
from worker.replay.extras import read_extras
from worker.replay.files import STDIN, read_batch_file
from worker.replay.inspection import Inspection, check_paths
from worker.replay.model_view import show_model_result
from worker.replay.output import write_document
from worker.replay.report.comparison_page import Compared
from worker.replay.report.view import ReportView
from worker.replay.request import BadUsage, Request
from worker.replay.saved_job import save_job
from worker.replay.session import CheckedChange, Session, source_of
from worker.replay.sweep import Result, make_variants, path_of, results_of, show_sweep, value_text, variants_to_fit
from worker.replay.table_batch import TableBatch
from worker.replay.terminal import Terminal
from worker.settings import Settings
from worker.tables.reading import is_table
from worker.topics.fit import NoTopics, Stage, StageFinished, StageStarted, TopicFit, TopicParams
from worker.topics.task import FitBatch
from worker.tracking.terminal import Tracked
from worker.version import WORKER_VERSION

# A longer state of a job, which may hold the reason of its failure, is shortened.
_STATE_CHARS: Final = 240


def replay(request: Request, settings: Settings) -> ExitCode:
    """Do what the command line asks for; result documents go to stdout, everything else to stderr.

    Args:
        request: what the command line asks for.
        settings: the worker's settings; those of Redis are used only for a stored job.

    Raises:
        BadUsage: a flag has an invalid value.
        UnreadableFile: the batch file cannot be read or is not JSON.
        UnreadableJob: the stored job is gone, not JSON, or without its embeddings.
        UnwritableFile: a report or a saved job cannot be written.
        WorkerError: the infrastructure failed; nothing was written to stdout.
    """
    terminal = Terminal(sys.stderr)
    with Tracked(settings, terminal.warn) as tracked, Computing(settings, terminal, request.n_more_fits) as computing:
        return _Replay(request, settings, computing, terminal, tracked).run()


class _Replay:
    """One call of `replay`: its request, its terminal, and the stages that have finished."""

    def __init__(
        self, request: Request, settings: Settings, computing: Computing, terminal: Terminal, tracked: Tracked
    ) -> None:
        self._request, self._settings = request, settings
        self._kinds = kinds_with(settings.test_kind)
        self._overrides = read_settings(request.settings)
        self._sweep = read_sweep(request.sweep[0]) if request.sweep else None
        self._terminal, self._computing, self._tracked = terminal, computing, tracked
        # Without Redis each run is a job of its own, as each job of a queue is.
        self._job_id = request.job_id or f"once-{uuid.uuid4()}"
        self._stored: StoredJob | None = None
        self._table: TableBatch | None = None
        self._checked: tuple[CheckedChange, ...] = ()
        self._bertopic_folder = request.save_bertopic and os.path.abspath(request.save_bertopic)

    def run(self) -> ExitCode:
        began_s = time.monotonic()
        self._terminal.say(f"topic-model-worker {WORKER_VERSION}")
        data = self._read()
        self._inspection = Inspection(self._terminal, self._request.explain, self._stored)
        self._extras = read_extras(self._request, data)
        check_paths(self._request, self._sweep)
        if self._table is not None:
            name, values = self._sweep or ("", [])
            variants = [{**self._overrides, name: value} for value in values] or [self._overrides]
            embedder = Embedder(self._computing, self._terminal, self._settings.labse_model)
            data = self._table.envelope(embedder, variants, self._inspection.check)
        if self._request.save_job is not None:
            save_job(self._request.save_job, data, redact=self._request.redact)
            self._terminal.say(f"job saved: {self._request.save_job}")
        documents = self._run_sweep(data, *self._sweep) if self._sweep else [self._run_once(data)]
        errors = [str(document["error"]) for document in documents if document["status"] == "failed"]
        for error in () if self._sweep else errors:
            self._terminal.say(f"failed: {error}")
        if len(errors) == len(documents) and self._request.diagnoses:
            self._terminal.warn("there are no topics to report or explain")
        if not errors:
            self._terminal.say(f"completed in {time.monotonic() - began_s:.1f} s")
        if not all(write_document(document, sys.stdout.buffer) for document in documents):
            self._terminal.warn("the result could not be written to stdout")
            return ExitCode.INFRASTRUCTURE
        self._tracked.deliver(documents[0])
        if self._inspection.unwritable is not None:
            raise self._inspection.unwritable
        return ExitCode.FAILED if errors else ExitCode.COMPLETED

    def _read(self) -> object:
        source, job_id = self._request.source, self._request.job_id
        if job_id is not None:
            self._stored = stored = read_stored_job(job_id, self._settings)
            self._terminal.say(f"job {job_id}: {printable(stored.state, _STATE_CHARS)}")
            return stored.envelope()
        if source is None:
            raise BadUsage("--once takes a FILE, or --job ID")
        if source == STDIN and sys.stdin.isatty():
            self._terminal.say("reading the batch from the terminal; press Ctrl-D at its end")
        if is_table(source):
            self._table = TableBatch(source, self._request.keys_of_items, self._terminal)
            return self._table.bare
        return read_batch_file(source)

    def _run_once(self, data: object) -> Document:
        began_s = time.monotonic()
        self._computing.on_stage(StageStarted(Stage.VALIDATE))
        kind = kind_of(data, self._kinds)
        self._request.check_kind(kind.name, is_fit=kind is TOPIC_MODEL)
        request = kind.read(with_params(data, self._overrides))
        if not isinstance(request, Rejection | Skip):
            request = completed_by_earlier(kind, request, self._settings, self._terminal)
        self._say_validated(began_s, request)
        self._tracked.begin(kind.name, self._job_id, request)
        if kind is TOPIC_MODEL and isinstance(request, Batch) and self._is_only_looked_at(request):
            return self._fit(request)
        document = self._answer(kind, request)
        self._inspection.compare(document)
        return document

    def _answer(self, kind: JobKind[Any], request: Any) -> Document:
        """Do what a worker would do with a request."""
        if isinstance(request, Rejection):
            return failed(request.error, now=datetime.now(UTC))
        if isinstance(request, Skip):
            self._terminal.say(f"skipped: {request.reason}")
            return skipped(request.reason, now=datetime.now(UTC))
        task = kind.task(request, Surroundings.of(self._settings, self._job_id))
        outcome = self._computing.run(task, len(kind.stages), needs_engine=kind.needs_engine(request))
        document = kind.respond(request, outcome, datetime.now(UTC))
        show_model_result(self._terminal, document)
        return document

    def _is_only_looked_at(self, batch: Batch) -> bool:
        """Tell whether a batch is fitted without its model being kept."""
        if batch.model is not None and self._request.inspects:
            self._terminal.warn(
                "the model is not kept: a report, an explanation, stability or a saved object is a look at the batch"
            )
        return batch.model is None or self._request.inspects

    def _fit(self, batch: Batch) -> Document:
        """Run a batch of comments, which can be inspected."""
        self._inspection.check(batch)
        task = with_labels(self._task(batch, [batch.params]), batch, self._settings.label_service)
        (outcome,) = self._computing.run(task, len(Stage), another_follows=self._request.report is not None)
        document = document_of(batch, outcome, datetime.now(UTC))
        if isinstance(outcome, NoTopics):
            self._inspection.compare(document)
            return document
        self._terminal.show_fit(batch, outcome, document)
        if self._bertopic_folder is not None:
            self._terminal.say(f"BERTopic model saved: {self._bertopic_folder}")
        stages = tuple(self._computing.stages)
        self._checked = checked_changes(batch, outcome, self._task(batch, []), self._computing, self._terminal)
        self._inspect(batch, outcome, document, stages, self._overrides, self._request.report)
        return document

    def _run_sweep(self, data: object, name: str, values: list[Any]) -> list[Document]:
        began_s = time.monotonic()
        kind = kind_of(data, self._kinds)
        self._request.check_kind(kind.name, is_fit=kind is TOPIC_MODEL)
        self._computing.on_stage(StageStarted(Stage.VALIDATE))
        made = make_variants(data, self._overrides, name, values)
        variants = variants_by_earlier(made, self._settings, self._terminal)
        batch, params = variants_to_fit(variants)
        self._say_validated(began_s, batch or variants[0].outcome)
        if batch is not None:
            self._inspection.check(batch)
        fits = self._computing.run(self._task(batch, params), len(Stage), len(params)) if batch else ()
        results = results_of(variants, fits, self._computing.stages, datetime.now(UTC))
        show_sweep(self._terminal, name, results)
        if self._request.diagnoses or self._stored is not None:
            compared = []
            for result in results:
                self._terminal.say(f"{name}={value_text(result.value)}:")
                compared += self._inspect_swept(name, result)
            if self._request.report is not None:
                self._inspection.report_sweep(self._request.report, name, compared)
        return [result.document for result in results]

    def _inspect_swept(self, name: str, result: Result) -> list[Compared]:
        if result.batch is None or result.fit is None:
            self._inspection.compare(result.document)
            return []
        report = self._request.report and path_of(self._request.report, name, result.value)
        overrides = {**self._overrides, name: result.value}
        view = self._inspect(result.batch, result.fit, result.document, result.stages, overrides, report)
        return [Compared(value_text(result.value), report, view)] if report and view else []

    def _inspect(
        self,
        batch: Batch,
        fit: TopicFit,
        document: Document,
        stages: Sequence[StageFinished],
        overrides: Mapping[str, Any],
        report: str | None,
    ) -> ReportView | None:
        comparison = self._inspection.compare(document)
        told = tuple(stages), overrides, comparison, self._extras, self._checked
        session = Session(source_of(self._request), batch, fit, document, *told)
        self._inspection.explain(session)
        return None if report is None else self._inspection.report(report, session)

    def _task(self, batch: Batch, variants: list[TopicParams]) -> FitBatch:
        return replace(
            fit_once(batch),
            variants=tuple(variants),
            diagnose=self._request.diagnoses,
            # A sweep tries values itself.
            levers=self._request.report is not None and len(variants) == 1,
            stability=self._request.n_reruns,
            save_bertopic=self._bertopic_folder,
        )

    def _say_validated(self, began_s: float, outcome: JobRequest | Rejection | Skip) -> None:
        details = {} if isinstance(outcome, Rejection | Skip) else {"n_items": outcome.n_items}
        self._computing.on_stage(StageFinished(Stage.VALIDATE, time.monotonic() - began_s, details))
        if not isinstance(outcome, Rejection | Skip):
            for warning in outcome.warnings:
                self._terminal.warn(warning)
