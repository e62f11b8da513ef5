"""Health as the probes tell it, for faults that would take too long to wait for."""

import json
import time
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from tests.redis_server import free_port
from worker.compute.compute import Compute, ComputeState
from worker.compute.config import ComputeConfig
from worker.operations import health as health_module
from worker.operations.health import Health
from worker.operations.probes import serving
from worker.operations.prometheus_metrics import Telemetry

CONFIG = ComputeConfig(device="cpu", labse_model="unused", keyword_encoder="corpus", max_jobs=0, engine="unused")


def ask(port: int, path: str) -> tuple[int, list[str]]:
    """Ask for a verdict; give the status and the reasons."""
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, json.load(answer)["reasons"]
    except HTTPError as error:
        return error.code, json.load(error)["reasons"]


def test_a_loop_that_does_not_turn_fails_liveness(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer comes from a thread, so it comes, and says for how long."""
    port = free_port()
    health, began_s = Health(Compute(CONFIG), 300.0), time.monotonic()
    with serving(port, health, Telemetry(300.0)):
        assert ask(port, "/livez") == (200, [])
        monkeypatch.setattr(health_module.time, "monotonic", lambda: began_s + 45.2)
        assert ask(port, "/livez") == (503, ["the event loop has not run for 45 s"])
        health.mark_loop_alive()
        assert ask(port, "/livez") == (200, [])
    with pytest.raises(OSError, match="refused"):
        urlopen(f"http://127.0.0.1:{port}/livez", timeout=1)


@pytest.mark.parametrize(
    ("state", "silent_s", "alive"),
    [
        (ComputeState.BUSY, 320.0, True),
        (ComputeState.BUSY, 331.0, False),
        (ComputeState.IDLE, 45.0, True),
        (ComputeState.IDLE, 51.0, False),
        (ComputeState.STARTING, 620.0, True),
        (ComputeState.STARTING, 631.0, False),
        (ComputeState.GONE, 140.0, True),
        (ComputeState.GONE, 151.0, False),
    ],
)
def test_a_compute_process_may_be_silent_for_as_long_as_its_work_takes(
    monkeypatch: pytest.MonkeyPatch, state: ComputeState, silent_s: float, alive: bool
) -> None:
    """A batch of five minutes is healthy; an idle process that says nothing for one is not."""
    monkeypatch.setattr(Compute, "state", property(lambda self: state))
    monkeypatch.setattr(Compute, "silent_s", property(lambda self: silent_s))
    reasons = Health(Compute(CONFIG), 300.0).why_not_alive()
    expected = f"the compute process is {state} and has said nothing for {silent_s:.0f} s"
    assert reasons == ([] if alive else [expected])
