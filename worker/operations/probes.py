"""/livez, /readyz and /metrics over HTTP, from a thread, so that they answer when the event loop does not."""

import contextlib
import json
import sys
import threading
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import structlog
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from worker.errors import ConfigurationError
from worker.operations.health import Health
from worker.operations.telemetry import Telemetry

log = structlog.get_logger()


@contextlib.contextmanager
def serving(port: int, health: Health, telemetry: Telemetry) -> Iterator[None]:
    """Serve the probes while the context lasts; not at all where `port` is 0.

    Raises:
        ConfigurationError: the port cannot be had.
    """
    if not port:
        yield
        return
    try:
        server = _Server(("", port), _handler(health, telemetry))
    except OSError as error:
        raise ConfigurationError(f"HEALTH_PORT: port {port} cannot be had: {error.strerror}") from None
    thread = threading.Thread(target=server.serve_forever, name="probes", daemon=True)
    thread.start()
    log.info("probes_serving", port=port)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # A question that hangs must not keep the worker from ending.
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Note that whoever asked hung up; the base class prints a traceback."""
        log.debug("probe_aborted", reason=type(sys.exception()).__name__)


def _handler(health: Health, telemetry: Telemetry) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10
        server_version = "topic-model-worker"
        sys_version = ""

        def do_GET(self) -> None:
            match self.path.partition("?")[0]:
                case "/livez":
                    self._verdict(health.why_not_alive())
                case "/readyz":
                    self._verdict(health.why_not_ready())
                case "/metrics":
                    self._answer(HTTPStatus.OK, CONTENT_TYPE_PLAIN_0_0_4, generate_latest(telemetry.registry))
                case _:
                    self._answer(HTTPStatus.NOT_FOUND, "text/plain", b"There are /livez, /readyz and /metrics.\n")

        def _verdict(self, reasons: list[str]) -> None:
            status = HTTPStatus.SERVICE_UNAVAILABLE if reasons else HTTPStatus.OK
            body = {"status": "failing" if reasons else "ok", "reasons": reasons}
            self._answer(status, "application/json", json.dumps(body).encode() + b"\n")

        def _answer(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing: a probe every few seconds is no event."""

    return Handler
