"""Runs on their way to MLflow: a queue with an end, a thread that empties it, and a process that MLflow lives in."""

import queue
import threading
import time
from typing import Final

import structlog

from worker.contract.result import Document
from worker.settings import Settings
from worker.tracking.mlflow_process import MlflowProcess, Unsent
from worker.tracking.run import ModelVersion, Run, metrics_of, tables_of, tags_of
from worker.tracking.tracking import Tell, TrackedJob, Tracking, tracked_job
from worker.version import WORKER_VERSION

# A run is a few kilobytes. More than these wait only if MLflow is slower than the jobs for a long time.
MOST_WAITING: Final = 100
# For one run. The first one imports MLflow and may have to make the tables of its database.
RUN_S: Final = 120.0
# The process holds 240 MB: it ends if no run came for so long.
IDLE_S: Final = 60.0
_HINT: Final = "jobs go on, their runs in MLflow are lost; is the server of MLFLOW_TRACKING_URI there?"
_FULL_HINT: Final = "jobs go on, their runs in MLflow are lost until it has caught up; is MLflow slow?"

log = structlog.get_logger()


class MlflowTracking(Tracking):
    """Sends runs in the order of their jobs; what cannot be sent costs a warning, and nothing else."""

    def __init__(self, settings: Settings, tell: Tell) -> None:
        """Start the thread; the process that imports MLflow starts with the first run."""
        self._store = settings.model_store
        self._tell = tell
        self._waiting: queue.Queue[Run | None] = queue.Queue(MOST_WAITING)
        self._process = MlflowProcess(settings.mlflow_tracking_uri.get_secret_value(), RUN_S)
        self._is_failing = False
        self._is_full = False
        self._is_closing = threading.Event()
        # A daemon: the interpreter's end waits for nobody here.
        self._thread = threading.Thread(target=self._send_all, name="tracking", daemon=True)
        self._thread.start()

    def begin(self, kind: str, job_id: str, request: object) -> TrackedJob | None:
        """Note that a job begins."""
        try:
            return tracked_job(kind, job_id, request)
        except Exception as error:  # noqa: BLE001 - a job is worth more than its run
            self._tell("run_not_tracked", f"a bug: {type(error).__name__}", "the job goes on; report this line")
            return None

    def on_delivered(self, job: TrackedJob | None, document: Document) -> None:
        """Put the run of a completed job behind those that wait."""
        if job is None or document["status"] != "completed" or self._is_closing.is_set():
            return
        try:
            self._put(_run_of(job, document, self._store))
        except Exception as error:  # noqa: BLE001 - the result is delivered
            self._tell("run_not_tracked", f"a bug: {type(error).__name__}", "the job is done; report this line")

    def close(self, wait_s: float) -> None:
        """Wait for the runs that are left, then end the process and say how many were lost."""
        if self._is_closing.is_set():
            return
        self._is_closing.set()
        n_waiting = self._waiting.qsize()
        if n_waiting < MOST_WAITING:
            self._waiting.put(None)
        self._thread.join(wait_s)
        if self._thread.is_alive():
            # One that is under way, and those behind it but for the sign that no more come.
            n_lost = max(1, self._waiting.qsize())
            self._process.end_for_good()
            self._tell("runs_not_sent", f"the worker ends before MLflow has {n_lost} runs", "their jobs are done")

    def _put(self, run: Run) -> None:
        try:
            self._waiting.put_nowait(run)
            self._is_full = False
        except queue.Full:
            if not self._is_full:
                self._tell("runs_not_sent", f"{MOST_WAITING} runs wait for MLflow", _FULL_HINT)
            self._is_full = True

    def _send_all(self) -> None:
        # A full queue has no place for the sign that no more come.
        while not (self._is_closing.is_set() and self._waiting.empty()):
            try:
                run = self._waiting.get(timeout=IDLE_S if self._process.is_running else None)
            except queue.Empty:
                self._process.end()
                continue
            if run is not None:
                self._send(run)
        self._process.end()

    def _send(self, run: Run) -> None:
        try:
            self._process.send(run)
        except Unsent as error:
            # Once for each outage: the next line about MLflow says that it is over.
            if not self._is_failing and not self._process.is_ended:
                self._tell("tracking_failed", str(error), _HINT)
            self._is_failing = True
            return
        if self._is_failing:
            log.info("tracking_works_again")
        self._is_failing = False


def _run_of(job: TrackedJob, document: Document, store: str) -> Run:
    duration_s = time.monotonic() - job.began_monotonic_s
    tags = tags_of(document)
    ids = {"job_id": job.job_id, "pipeline_id": job.pipeline_id, "run_id": job.run_id}
    own = {"kind": job.kind, "worker_version": WORKER_VERSION}
    model = ModelVersion(store, tags["tenant"], tags["model_version"]) if "model_version" in tags else None
    return Run(
        name=f"{job.kind} {tags.get('tenant', job.job_id)}",
        began_ms=round(1000 * job.began_s),
        ended_ms=round(1000 * (job.began_s + duration_s)),
        tags={**own, **{name: value for name, value in ids.items() if value is not None}, **tags},
        parameters=job.parameters,
        metrics=metrics_of(document, job.n_items, round(duration_s, 3)),
        tables=tables_of(document),
        model=model,
    )
