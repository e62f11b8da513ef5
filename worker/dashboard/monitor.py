"""Monitor: a tenant's versions over time, with drift, born and faded topics, and the share of each topic."""

from typing import Any, Final

import altair as alt
import streamlit as st

from worker.dashboard.history import rows_of_shares, rows_of_versions
from worker.dashboard.kept_models import Version, choose_tenant, open_store, read, show_figures
from worker.dashboard.markdown_escape import plain
from worker.store.errors import StoreCorrupt, VersionMissing

_MOST_VERSIONS: Final = 30
_MOST_TOPICS: Final = 12
_HEIGHT_PX: Final = 320
_COLORS: Final = {"HIGH": ":red-badge[HIGH]", "MEDIUM": ":orange-badge[MEDIUM]", "LOW": ":green-badge[LOW]"}


def page() -> None:
    """Show how the versions of a tenant's model differ."""
    st.title("Monitor")
    store = open_store()
    tenant = choose_tenant(store)
    if tenant is None:
        return
    names = store.versions(tenant)[:_MOST_VERSIONS][::-1]
    versions: list[Version] = []
    for name in names:
        try:
            versions.append(read(tenant, name))
        except (StoreCorrupt, VersionMissing) as error:  # the others can be shown
            st.warning(plain(error))
    if not versions:
        st.info(f"{plain(tenant)} has no version that can be read.")
        return
    rows = rows_of_versions(versions)
    _newest(rows[-1])
    if len(rows) == 1:
        st.info("This is the only version. Updates and rebuilds add others, and then their differences show here.")
    st.subheader("Share of each topic")
    st.altair_chart(_shares(rows_of_shares(versions, _MOST_TOPICS)))
    st.subheader("Comments and topics")
    left, right = st.columns(2)
    left.altair_chart(_line(rows, "comments", "comments seen"))
    right.altair_chart(_line(rows, "topics", "topics"))
    st.subheader("Versions")
    order = ("version", "drift", "born", "faded", "more or less", "topics", "comments")
    st.dataframe(rows[::-1], hide_index=True, column_order=order)
    st.caption(
        "Drift compares the comments of an update or a rebuild with those before. Born and faded topics are those that "
        "the version has, or has no more, beside the version that it was made from."
    )


def _newest(row: dict[str, Any]) -> None:
    show_figures({"Topics": row["topics"], "Comments seen": row["comments"]})
    st.markdown(
        f"Newest version: {plain(row['version'])}. Drift of its batch: {_COLORS.get(row['drift'], row['drift'])}"
    )
    for what in ("born", "faded"):
        if row[what]:
            st.text(f"{what.capitalize()}: {row[what]}")


def _shares(rows: list[dict[str, Any]]) -> alt.Chart:
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_bar()
        .encode(
            x=alt.X("version:O", title=None, axis=_times()),
            y=alt.Y("share:Q", title=None, stack="normalize", axis=alt.Axis(format="%")),
            color=alt.Color(
                "topic:N",
                scale=alt.Scale(scheme="tableau20"),
                legend=alt.Legend(title=None, orient="bottom", columns=2),
            ),
            tooltip=["version:O", "topic:N", alt.Tooltip("share:Q", format=".1%")],
        )
        .properties(height=_HEIGHT_PX + 140)
    )


def _times() -> alt.Axis:
    """Name versions by their time, as 03-21 10:35 for 20260321_103500."""
    month, day, hour, minute = (f"slice(datum.value, {start}, {start + 2})" for start in (4, 6, 9, 11))
    return alt.Axis(labelExpr=f"{month} + '-' + {day} + ' ' + {hour} + ':' + {minute}", labelAngle=-40)


def _line(rows: list[dict[str, Any]], field: str, title: str) -> alt.Chart:
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_line(point=True)
        .encode(
            x=alt.X("version:O", title=None, axis=_times()),
            y=alt.Y(f"{field}:Q", title=title),
            tooltip=["version:O", f"{field}:Q"],
        )
        .properties(height=_HEIGHT_PX)
    )
