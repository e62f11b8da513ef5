"""The script that Streamlit runs: the pages and the way from one to the other."""

import streamlit as st

from worker.dashboard import explore, monitor, runs, train
from worker.dashboard.markdown_escape import plain
from worker.errors import WorkerError


def main() -> None:
    """Show the page that was chosen; what the store or the settings refuse is told in one line."""
    # No icons: the browser would ask a server of Google for one.
    st.set_page_config(page_title="Topics", layout="wide")
    page = st.navigation(
        [
            st.Page(explore.page, title="Explore", default=True),
            st.Page(train.page, title="Train", url_path="train"),
            st.Page(monitor.page, title="Monitor", url_path="monitor"),
            st.Page(runs.page, title="Runs", url_path="runs"),
        ]
    )
    try:
        page.run()
    except WorkerError as error:
        st.error(plain(error))


if __name__ == "__main__":
    main()
