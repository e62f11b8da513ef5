"""MLflow, label server and collector away, answering garbage or silent, all at once: the job does not notice."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from tests.acceptance.envelopes import themed_envelope
from tests.acceptance.processes import Producer, WorkerProcess
from tests.redis_server import RedisServer
from worker.tracking.sending import RUN_S

pytestmark = pytest.mark.slow

LABELS_TIMEOUT_S: Final = 3.0
# Neither HTTP nor anything else.
GARBAGE: Final = bytes(range(256)) * 4


class Hostile:
    """A server that closes its port at once, sends garbage, or takes all that comes and never says a word.

    Attributes:
        n_clients: how many have connected.
    """

    def __init__(self, mood: str) -> None:
        """Listen on a free port."""
        self._mood, self.n_clients = mood, 0
        self._clients: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        if mood == "away":
            self._listener.close()
        else:
            threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.n_clients += 1
            if self._mood == "garbage":
                client.sendall(GARBAGE)
                client.close()
            else:
                self._clients.append(client)

    def close(self) -> None:
        """Let all go."""
        # A thread that waits in accept() is woken by it.
        if self._mood != "away":
            self._listener.shutdown(socket.SHUT_RDWR)
        for one in (self._listener, *self._clients):
            one.close()


@contextmanager
def worker(redis_server: RedisServer, folder: Path, queue: str, **variables: str) -> Iterator[WorkerProcess]:
    """Start a worker with the real engine; end it, whatever its extras do."""
    process = WorkerProcess(
        REDIS_URL=redis_server.url, TOPIC_MODEL_QUEUE=queue, MODEL_STORE=str(folder), DEVICE="cpu", **variables
    )
    process.wait_for("worker_ready")
    try:
        yield process
        assert process.stop() == 0
    finally:
        process.clear_away()


def run(redis_server: RedisServer, process: WorkerProcess, queue: str, prefix: str) -> tuple[str, float]:
    """Run one job; give its result but for the time, and how long the worker had it."""
    with closing(Producer("bullmq-6", redis_server.port, queue, prefix)) as producer:
        result: dict[str, Any] = producer.run(themed_envelope(20, 4, labels=True), attempts=1)["returnvalue"]
    assert result.pop("completedAt")
    done = process.wait_for("job_completed")
    return json.dumps(result), float(done["duration_s"])


def test_the_result_and_the_time_are_those_without_extras(
    redis_server: RedisServer, queue_name: str, tmp_path: Path
) -> None:
    """Of labels the job waits for their own limit at the longest, of MLflow and the collector for nothing."""
    prefix = "faculytics:bull"
    with worker(redis_server, tmp_path / "plain", queue_name, BULLMQ_PREFIX=prefix) as plain:
        expected, plain_s = run(redis_server, plain, queue_name, prefix)
    assert json.loads(expected)["status"] == "completed"
    for mood in ("away", "garbage", "silent"):
        mlflow, labels, collector = servers = [Hostile(mood) for _ in range(3)]
        queue = f"{queue_name}-{mood}"
        extras = {
            "MLFLOW_TRACKING_URI": mlflow.url,
            "LABELS_BASE_URL": f"{labels.url}/v1",
            "LABELS_MODEL": "any",
            "LABELS_API_KEY": "none",
            "LABELS_TIMEOUT_MS": str(int(1000 * LABELS_TIMEOUT_S)),
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        }
        with worker(redis_server, tmp_path / mood, queue, BULLMQ_PREFIX=prefix, **extras) as process:
            found, took_s = run(redis_server, process, queue, prefix)
            assert found == expected, mood
            # Not as long as what sends runs to MLflow waits for it.
            assert took_s < plain_s + LABELS_TIMEOUT_S + RUN_S / 2, mood
            if mood != "away":
                assert labels.n_clients > 0
        for server in servers:
            server.close()
