"""A run in MLflow: parameters, metrics and tables; then its version of the model, and the alias `active`."""

import csv
import fcntl
import hashlib
import io
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from mlflow import MlflowClient
from mlflow.entities import Experiment, Metric, Param
from mlflow.exceptions import MlflowException

from worker.tracking.registering import register
from worker.tracking.run import Row, Run

EXPERIMENT: Final = "topic-model"
_FINISHED, _FAILED = "FINISHED", "FAILED"
_client: MlflowClient | None = None


def record(run: Run) -> None:
    """Record a run, and the version that it made; whatever MLflow raises comes out."""
    client = _connected()
    experiment = _experiment(client, os.environ.get("MLFLOW_EXPERIMENT_NAME") or EXPERIMENT)
    tags = {**run.tags, "mlflow.runName": run.name, "mlflow.source.name": "topic-model-worker"}
    made = client.create_run(experiment.experiment_id, start_time=run.began_ms, tags=tags, run_name=run.name)
    run_id, status = made.info.run_id, _FAILED
    try:
        client.log_batch(
            run_id,
            metrics=[Metric(name, value, run.ended_ms, step) for name, value, step in run.metrics],
            params=[Param(name, value) for name, value in run.parameters.items()],
        )
        for name, rows in run.tables.items():
            client.log_text(run_id, _csv(rows), f"{name}.csv")
            client.log_text(run_id, json.dumps(rows, ensure_ascii=False, indent=2), f"{name}.json")
        if run.model is not None:
            register(client, run.model, made.info)
        status = _FINISHED
    finally:
        client.set_terminated(run_id, status, run.ended_ms)


def _connected() -> MlflowClient:
    """Give the client, its database set up; processes on one machine that set it up at once would break it."""
    global _client  # noqa: PLW0603 - one process, one server
    if _client is None:
        with _one_at_a_time(os.environ["MLFLOW_TRACKING_URI"]):
            client = MlflowClient()
            client.search_experiments(max_results=1)
        _client = client
    return _client


@contextmanager
def _one_at_a_time(uri: str) -> Iterator[None]:
    name = f"topic-model-tracking-{os.getuid()}-{hashlib.sha256(uri.encode()).hexdigest()[:16]}.lock"
    with (Path(tempfile.gettempdir()) / name).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _experiment(client: MlflowClient, name: str) -> Experiment:
    found = client.get_experiment_by_name(name)
    if found is None:
        try:
            return client.get_experiment(client.create_experiment(name))
        except MlflowException:  # another worker was faster
            found = client.get_experiment_by_name(name)
            if found is None:
                raise
    return found


def _csv(rows: Sequence[Row]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(name for row in rows for name in row)), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
