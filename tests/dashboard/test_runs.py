"""The page Runs: without MLflow, with a dead one, and with one that answers."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

pytest.importorskip("streamlit", reason="pip install 'topic-model-worker[dashboard]'")
App = Callable[[str], Any]
ANSWERS: dict[str, dict[str, Any]] = {
    "/api/2.0/mlflow/experiments/search": {"experiments": [{"experiment_id": "4", "name": "topics"}]},
    "/api/2.0/mlflow/runs/search": {
        "runs": [
            {
                "info": {
                    "run_id": "abc",
                    "run_name": "fit",
                    "experiment_id": "4",
                    "status": "FINISHED",
                    "start_time": 1_770_000_000_000,
                    "lifecycle_stage": "active",
                },
                "data": {"metrics": [{"key": "npmi", "value": 0.12345, "timestamp": 1, "step": 0}]},
            }
        ]
    },
}


class _Server(BaseHTTPRequestHandler):
    """Answers MLflow's REST calls with one experiment and one run."""

    def do_POST(self) -> None:
        """Answer a search."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = json.dumps(ANSWERS[self.path.partition("?")[0]]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST  # noqa: N815 - http.server's name

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    """Give the address of such a server."""
    server = HTTPServer(("127.0.0.1", 0), _Server)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_without_an_address_a_line_says_how_to_set_it(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing is asked for."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    page = app("runs")
    assert not page.exception
    assert "Set `MLFLOW_TRACKING_URI=" in page.info[0].value


@pytest.mark.slow
def test_runs_are_listed_with_a_link(app: App, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the password that the address holds."""
    pytest.importorskip("mlflow", reason="pip install 'topic-model-worker[tracking]'")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://me:secret@{address}")
    page = app("runs")
    assert not page.exception
    assert not page.warning
    (row,) = page.dataframe[0].value.to_dict("records")
    assert (row["run"], row["experiment"], row["status"], row["npmi"]) == ("fit", "topics", "FINISHED", 0.1235)
    assert row["link"] == f"http://{address}/#/experiments/4/runs/abc"
    assert "secret" not in "".join(caption.value for caption in page.caption)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:secret@127.0.0.1:1")
    dead = app("runs")
    assert not dead.exception
    assert "MLflow at http://127.0.0.1:1 cannot be read" in dead.warning[0].value.replace("\\", "")
