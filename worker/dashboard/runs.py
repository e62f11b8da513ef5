"""Runs: what MLflow has recorded, with a link to each run. MLflow away is a line, and never a broken page."""

import importlib.util
import os
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

import streamlit as st

from worker.dashboard.markdown_escape import plain

_MOST_RUNS: Final = 100
_URI: Final = "MLFLOW_TRACKING_URI"
# Before MLflow is imported; whoever sets one keeps it.
_OPTIONS: Final = {
    "DO_NOT_TRACK": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
}
_REFRESH_S: Final = 30


def page() -> None:
    """Show the newest runs."""
    st.title("Runs")
    uri = os.environ.get(_URI, "").strip()
    if not uri:
        st.info(f"No runs are tracked. Set `{_URI}=http://localhost:5000` for the worker and for this dashboard.")
        return
    if importlib.util.find_spec("mlflow") is None:
        st.info("MLflow is not installed here: pip install 'topic-model-worker[tracking]'")
        return
    try:
        rows = _rows_once(uri)
    except Exception as error:  # noqa: BLE001 - whatever MLflow raises; its text may hold an address with a password
        st.warning(f"MLflow at {plain(without_secrets(uri))} cannot be read ({type(error).__name__}). Does it run?")
        return
    if not rows:
        st.info(f"MLflow at {plain(without_secrets(uri))} has no runs yet.")
        return
    columns = {
        "link": st.column_config.LinkColumn("in MLflow", display_text="open"),
        "began": st.column_config.TextColumn("began (UTC)"),
    }
    st.dataframe(rows, hide_index=True, column_config=columns)
    st.caption(f"The newest {len(rows)} runs of MLflow at {plain(without_secrets(uri))}.")


def runs_of(uri: str) -> list[dict[str, Any]]:
    """Ask MLflow for its newest runs, as rows of a table.

    Raises:
        Exception: whatever MLflow raises.
    """
    for name, value in _OPTIONS.items():
        os.environ.setdefault(name, value)
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=uri)
    experiments = {each.experiment_id: each.name for each in client.search_experiments()}
    found = client.search_runs(sorted(experiments), max_results=_MOST_RUNS, order_by=["attributes.start_time DESC"])
    return [_row(run, experiments.get(run.info.experiment_id, ""), uri) for run in found]


_rows_once = st.cache_data(runs_of, ttl=_REFRESH_S, show_spinner="Asking MLflow …")


def _row(run: Any, experiment: str, uri: str) -> dict[str, Any]:
    began = datetime.fromtimestamp(run.info.start_time / 1000, UTC)
    row = {"run": run.info.run_name, "began": f"{began:%Y-%m-%d %H:%M}"}
    if urlsplit(uri).scheme in {"http", "https"}:
        place = f"#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}"
        row["link"] = f"{without_secrets(uri).rstrip('/')}/{place}"
    metrics = {name: round(value, 4) for name, value in sorted(run.data.metrics.items())}
    return {**row, **metrics, "status": run.info.status, "experiment": experiment}


def without_secrets(uri: str) -> str:
    """Give an address without user, password and options."""
    scheme, separator, rest = uri.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2].partition('?')[0]}"
