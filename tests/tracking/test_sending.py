"""Runs on their way: what is asked of a tracker that never answers, is not installed, or not wanted."""

import subprocess
import sys
import threading

import pytest
from structlog.testing import capture_logs

from tests.lifecycle.batches import envelope_of
from worker.jobs.registry import KINDS
from worker.settings import Settings
from worker.tracking import mlflow_process, sending
from worker.tracking import tracking as tracking_module
from worker.tracking.mlflow_process import MlflowProcess
from worker.tracking.recorder import reason_of
from worker.tracking.run import Run
from worker.tracking.sending import MlflowTracking
from worker.tracking.tracking import Tracking, start_tracking, tell_in_log

FIT = "topic-model"
DOCUMENT = {"status": "completed", "topics": [], "outlierCount": 0, "metrics": {}}
WITH_SERVER = Settings.from_environment({"MLFLOW_TRACKING_URI": "http://127.0.0.1:1"})


class Told:
    """What was told, in order."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.lines: list[tuple[str, str, str]] = []

    def __call__(self, event: str, reason: str, hint: str) -> None:
        """Take a line."""
        self.lines.append((event, reason, hint))

    @property
    def events(self) -> list[str]:
        """The names of the lines."""
        return [event for event, _, _ in self.lines]


@pytest.fixture
def told() -> Told:
    """Give who is told."""
    return Told()


@pytest.fixture
def _stuck(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mlflow_process, "MODULE", "tests.tracking.stuck")


def deliver(tracking: Tracking, job_id: str = "job") -> None:
    """Let a job begin and end."""
    tracking.on_delivered(tracking.begin(FIT, job_id, KINDS[FIT].read(envelope_of(0))), DOCUMENT)


def test_nothing_of_mlflow_is_imported_unless_a_server_is_named_nor_in_the_worker_itself() -> None:
    """Most workers have none; and those that have one import it elsewhere."""
    lines = (
        "import sys",
        "from worker.settings import Settings",
        "from worker.tracking.tracking import start_tracking",
        "start_tracking(Settings.from_environment({}))",
        "assert 'worker.tracking.sending' not in sys.modules",
        "import worker.tracking.sending",
        "sys.exit(str([name for name in sys.modules if name.startswith(('mlflow', 'pandas'))] or ''))",
    )
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""


def test_a_missing_package_is_told_once_and_tracks_nothing(monkeypatch: pytest.MonkeyPatch, told: Told) -> None:
    """The line says what to install."""
    monkeypatch.setattr(tracking_module.importlib.util, "find_spec", lambda _: None)
    tracking = start_tracking(WITH_SERVER, told)
    assert type(tracking) is Tracking
    deliver(tracking)
    ((event, _, hint),) = told.lines
    assert event == "tracking_off"
    assert "topic-model-worker[tracking]" in hint


@pytest.mark.usefixtures("_stuck")
def test_runs_that_nobody_takes_are_dropped_and_told_once(monkeypatch: pytest.MonkeyPatch, told: Told) -> None:
    """The queue has an end; a job is never told to wait; the worker's end drops what is left and ends the process."""
    monkeypatch.setattr(sending, "MOST_WAITING", 2)
    is_taken, send = threading.Event(), MlflowProcess.send

    def sent(process: MlflowProcess, run: Run) -> None:
        is_taken.set()
        send(process, run)

    monkeypatch.setattr(MlflowProcess, "send", sent)
    tracking = MlflowTracking(WITH_SERVER, told)
    deliver(tracking)
    # Taken later, the first run would leave a place to one of those behind it.
    assert is_taken.wait(60)
    for number in range(5):
        deliver(tracking, f"job {number}")
    assert told.events == ["runs_not_sent"]
    tracking.close(0.0)
    assert told.events == ["runs_not_sent", "runs_not_sent"]
    tracking._thread.join(60)
    assert not tracking._thread.is_alive()
    assert not tracking._process.is_running
    deliver(tracking)
    tracking.close(0.0)
    assert len(told.lines) == 2


@pytest.mark.usefixtures("_stuck")
def test_a_run_that_takes_too_long_is_given_up_and_the_next_one_tried(
    monkeypatch: pytest.MonkeyPatch, told: Told
) -> None:
    """One line for the outage, however many runs it costs."""
    monkeypatch.setattr(sending, "RUN_S", 0.2)
    tracking = MlflowTracking(WITH_SERVER, told)
    for number in range(3):
        deliver(tracking, f"job {number}")
    tracking.close(60.0)
    ((event, reason, _),) = told.lines
    assert event == "tracking_failed"
    assert "no answer within 0.2 s" in reason


def test_an_outage_is_told_at_its_beginning_and_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs are refused, two are taken: two lines."""
    monkeypatch.setattr(mlflow_process, "MODULE", "tests.tracking.moody")
    with capture_logs() as lines:
        tracking = MlflowTracking(WITH_SERVER, tell_in_log)
        for number in range(4):
            deliver(tracking, f"job {number}")
        tracking.close(60.0)
    assert [(line["event"], line.get("reason")) for line in lines] == [
        ("tracking_failed", "out of order"),
        ("tracking_works_again", None),
    ]


def test_a_prediction_is_no_run_and_neither_is_a_job_that_failed(told: Told) -> None:
    """Nothing is put into the queue for them."""
    tracking = MlflowTracking(WITH_SERVER, told)
    kind = KINDS["topic-model.predict"]
    assert tracking.begin(kind.name, "job", kind.read(envelope_of(0, kind.name))) is None
    tracking.on_delivered(tracking.begin(FIT, "job", KINDS[FIT].read(envelope_of(0))), {"status": "failed"})
    assert tracking._waiting.empty()
    tracking.close(60.0)
    assert told.lines == []


def test_no_password_of_an_address_is_told() -> None:
    """SQLAlchemy and requests quote the address that they cannot reach; so do the settings in force."""
    uri = "postgresql://user:ses/a?me@host:5432/mlflow"
    assert "ses" not in reason_of(ValueError(f"cannot reach {uri} today"))
    settings = Settings.from_environment({"MLFLOW_TRACKING_URI": uri})
    assert settings.effective()["MLFLOW_TRACKING_URI"] == "postgresql://host:5432/mlflow"
    assert "ses" not in f"{settings!r} {settings.effective()}"
