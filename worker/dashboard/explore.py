"""Explore: a kept model's topics on a map, and the comments of an uploaded table in each."""

from collections.abc import Sequence
from typing import Any, Final

import streamlit as st

from worker.analyses.drifting import drift_lines
from worker.analyses.request import Asked
from worker.cli.models.output import time_text
from worker.dashboard.background_work import Board, Upload, Work, watch
from worker.dashboard.in_process import Done, predict_here
from worker.dashboard.kept_models import Version, choose_tenant, choose_version, open_store, show_figures, topic_name
from worker.dashboard.markdown_escape import plain
from worker.dashboard.topic_map import SELECTED, chart
from worker.dashboard.train import TABLES
from worker.models.model import OUTLIER, KeptModel, KeptTopic

_MAP: Final = "explore-map"
_TOPIC: Final = "explore-topic"
_WORK: Final = "explore-work"
_MOST_SHOWN: Final = 500
# Three lines of a comment.
_ROW_PX: Final = 72


def page() -> None:
    """Show a model's topics; below them the comments of the topic that was chosen."""
    st.title("Explore")
    store = open_store()
    tenant = choose_tenant(store)
    version = choose_version(store, tenant) if tenant is not None else None
    if version is None:
        return
    model = version.model
    show_figures({"Topics": len(model.in_reports), "Comments seen": model.seen, "In the last fit": model.fitted})
    shown = _filtered(model)
    chosen = _choose(model, shown)
    _map(model, [topic.number for topic in shown], chosen)
    if chosen is not None:
        _describe(model, model.topic(chosen))
    _comments(version, chosen)


def _filtered(model: KeptModel) -> list[KeptTopic]:
    left, right = st.columns(2)
    words = left.text_input("Search", placeholder="a word of a topic").lower().split()
    most = max([topic.n for topic in model.in_reports], default=0)
    fewest = right.slider("Comments at least", 0, max(1, most), 0)
    found = [topic for topic in model.in_reports if topic.n >= fewest and all(_has(topic, word) for word in words)]
    return sorted(found, key=lambda topic: (-topic.n, topic.number))


def _has(topic: KeptTopic, word: str) -> bool:
    return word in " ".join([str(topic.number), topic.label, *topic.keywords]).lower() or word in topic.terms


def _choose(model: KeptModel, shown: Sequence[KeptTopic]) -> int | None:
    """Let the person choose a topic by keyboard too; a click on the map chooses it here."""
    numbers = [topic.number for topic in shown]
    if st.session_state.get(_TOPIC) not in numbers:
        st.session_state.pop(_TOPIC, None)
    if not numbers:
        st.info("No topic has these words and so many comments.")
        return None
    chosen: int | None = st.selectbox(
        "Topic",
        numbers,
        index=None,
        key=_TOPIC,
        format_func=lambda number: topic_name(model.topic(number)),
        placeholder="choose one here or on the map",
    )
    return chosen


def _map(model: KeptModel, shown: Sequence[int], chosen: int | None) -> None:
    drawn = chart(model, shown, chosen, is_dark=st.context.theme.type == "dark")
    if drawn is None:
        st.info("No topic of this version has a vector, so there is no map.")
        return

    def take() -> None:
        picked = st.session_state[_MAP].selection.get(SELECTED, [])
        if picked and picked[0]["topic"] in shown:
            st.session_state[_TOPIC] = int(picked[0]["topic"])

    st.altair_chart(drawn, key=_MAP, on_select=take, selection_mode=SELECTED)
    st.caption("Topics of like meaning are near one another; the size is the number of comments.")


def _describe(model: KeptModel, topic: KeptTopic) -> None:
    st.subheader(plain(topic_name(topic)))
    total = max(1, sum(each.n for each in model.topics))
    st.text(", ".join(topic.keywords))
    st.caption(
        f"{topic.n:,} comments ({topic.n / total:.1%}), found {time_text(topic.born)}, "
        f"last seen {time_text(topic.last_seen)} UTC"
    )


def _comments(version: Version, chosen: int | None) -> None:
    """Assign the comments of an uploaded table, and show those of a topic."""
    st.subheader("Comments")
    upload = st.file_uploader(
        "A model keeps no comment. Upload a table, and its comments are assigned to the topics.", type=TABLES
    )
    if upload is None:
        st.session_state.pop(_WORK, None)
        return
    mark = (upload.file_id, version.tenant, version.name)
    if st.session_state.get(_WORK, (None,))[0] != mark:
        st.session_state[_WORK] = (mark, _start(upload, version))
    work: Work = st.session_state[_WORK][1]
    if watch(work) and work.result is not None:
        _show(version.model, work.result, chosen)


def _start(upload: Upload, version: Version) -> Work:
    def run(path: str, board: Board) -> Done:
        return predict_here(Asked(path=path, tenant=version.tenant, version=version.name), board)

    return Work(upload, run)


def _show(model: KeptModel, done: Done, chosen: int | None) -> None:
    found = {each["submissionId"]: each for each in done.result["assignments"]}
    st.caption(plain(drift_lines(done.result, model, len(done.texts))[0]))
    if chosen is None:
        st.caption(f"{len(found):,} of {len(done.texts):,} comments are in a topic. Choose a topic to read its own.")
        is_none = st.toggle("Show the comments in no topic")
        if not is_none:
            return
    number = OUTLIER if chosen is None else chosen
    words = st.text_input("Search the comments").lower()
    rows: list[dict[str, Any]] = [
        {"id": id_, "comment": text, "probability": found[id_]["probability"] if id_ in found else 0.0}
        for id_, text in done.texts.items()
        if (found[id_]["topicIndex"] if id_ in found else OUTLIER) == number and words in text.lower()
    ]
    rows.sort(key=lambda row: (-row["probability"], row["id"]))
    st.caption(f"{len(rows):,} comments" + (f", the first {_MOST_SHOWN} are shown" if len(rows) > _MOST_SHOWN else ""))
    columns = {"comment": st.column_config.TextColumn(width="large")}
    order = ("comment", "probability", "id")
    st.dataframe(
        rows[:_MOST_SHOWN], hide_index=True, column_order=order, column_config=columns, row_height=_ROW_PX, height=600
    )
