"""Traces are off unless they are asked for, and cost a line if they cannot be made."""

import subprocess
import sys

import pytest
from structlog.testing import capture_logs

from worker.operations.tracing import NO_TRACE, Attempt, Tracing, start_tracing
from worker.settings import Settings

ATTEMPT = Attempt("job", "topic-model", 1, 100, {"tm": '{"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7-01"}'})


def test_nothing_of_opentelemetry_is_imported_unless_a_collector_is_named() -> None:
    """Most workers have none, and not the packages either."""
    lines = (
        "import sys",
        "from worker.operations.tracing import start_tracing",
        "from worker.settings import Settings",
        "start_tracing(Settings.from_environment({}))",
        "sys.exit(str([name for name in sys.modules if name.startswith('opentelemetry')] or ''))",
    )
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""


@pytest.mark.parametrize(("is_installed", "hint"), [(False, "topic-model-worker[otel]"), (True, "OTEL_")])
def test_what_cannot_be_traced_is_told_and_runs(monkeypatch: pytest.MonkeyPatch, is_installed: bool, hint: str) -> None:
    """The package is not there, or a variable that is set for the whole cluster is wrong: a warning, and no traces."""
    if not is_installed:
        monkeypatch.setitem(sys.modules, "worker.operations.otlp", None)
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "-5")
    with capture_logs() as lines:
        tracing = start_tracing(Settings.from_environment({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}))
    assert type(tracing) is Tracing
    assert tracing.begin(ATTEMPT) is NO_TRACE
    ((event, level, said),) = [(line["event"], line["log_level"], line["hint"]) for line in lines]
    assert (event, level) == ("traces_off", "warning")
    assert hint in said
