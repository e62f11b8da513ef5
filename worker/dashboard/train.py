"""Train: a table of comments becomes a kept model, by the queue or in this process."""

from typing import Any, Final

import streamlit as st

from worker.analyses.request import DEFAULT_TENANT, Asked
from worker.dashboard.background_work import Board, Upload, Work, watch
from worker.dashboard.in_process import Done, train_here
from worker.dashboard.kept_models import as_json, show_figures
from worker.dashboard.markdown_escape import plain
from worker.dashboard.queueing import train_by_queue
from worker.settings import Settings
from worker.store.errors import InvalidName
from worker.store.names import checked_tenant
from worker.tables.comments import Wanted

TABLES: Final = ["csv", "tsv", "jsonl", "ndjson", "parquet", "gz"]
_WORK: Final = "train-work"
_REPORT_PX: Final = 900


def page() -> None:
    """Ask for a table, train, and show what was found."""
    st.title("Train")
    settings = Settings.from_environment()
    by_queue = "redis_url" in settings.model_fields_set
    where = (
        f"The queue {settings.queue_name} at {settings.redis_address} takes the job; a worker must be running."
        if by_queue
        else f"The topics are found in this process and kept in {settings.model_store}. Set REDIS_URL to use the queue."
    )
    st.caption(plain(where))
    work: Work | None = st.session_state.get(_WORK)
    is_running = work is not None and work.is_running
    with st.form("train"):
        upload = st.file_uploader("Table of comments", type=TABLES, help="CSV, JSON Lines or Parquet, gzipped or not")
        tenant = st.text_input("Tenant", DEFAULT_TENANT, help="Its active model is replaced.")
        with st.expander("More"):
            text = st.text_input("Column of the comments", placeholder="found by its name")
            id_ = st.text_input("Column of the ids", placeholder="found by its name, or row numbers")
            n_topics = st.number_input("Topics at the most", 2, 500, None, placeholder="20")
        is_asked = st.form_submit_button("Train", type="primary", disabled=is_running)
    if is_asked and upload is None:
        st.warning("Choose a table first.")
    elif is_asked and not is_running:
        work = _start(upload, tenant, Wanted(text=text or None, id=id_ or None), n_topics, by_queue=by_queue)
        st.session_state[_WORK] = work
    if work is not None and watch(work) and work.result is not None:
        _show(work.result)


def _start(upload: Upload, tenant: str, columns: Wanted, n_topics: int | None, *, by_queue: bool) -> Work | None:
    try:
        checked_tenant(tenant)
    except InvalidName as error:
        st.error(plain(error))
        return None
    params = {} if n_topics is None else {"nr_topics": int(n_topics)}
    do = train_by_queue if by_queue else train_here

    def run(path: str, board: Board) -> Done:
        return do(Asked(path=path, columns=columns, tenant=tenant, params=params, name=upload.name), board)

    return Work(upload, run)


def _show(done: Done) -> None:
    result = done.result
    model: dict[str, Any] = result["model"]
    st.success(plain(f"Kept as version {model['version']} of {model['tenant']}."))
    topics: list[dict[str, Any]] = result["topics"]
    n = sum(topic["docCount"] for topic in topics) + result["outlierCount"]
    show_figures({"Comments": n, "Topics": len(topics), "In no topic": result["outlierCount"]})
    rows = [
        {"topic": topic["topicIndex"], "comments": topic["docCount"], "keywords": ", ".join(topic["keywords"])}
        for topic in topics
    ]
    st.dataframe(rows, hide_index=True)
    left, right = st.columns(2)
    left.download_button("Download the result (JSON)", as_json(result), "result.json", "application/json")
    if not done.report:
        st.caption("A job of the queue makes no report. Without REDIS_URL, or by `train --report`, you get one.")
        return
    right.download_button("Download the report (HTML)", done.report, "report.html", "text/html")
    st.caption("The report holds the comments. Give it only to people who may read them.")
    st.iframe(done.report, height=_REPORT_PX)
