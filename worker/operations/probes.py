"""/livez, /readyz and /metrics over HTTP, from a thread: they answer even if the event loop stands still."""

import contextlib
import errno
import json
import socket
import sys
import threading
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer

import structlog
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from worker.errors import ConfigurationError
from worker.operations.health import Health
from worker.operations.prometheus_metrics import Telemetry

log = structlog.get_logger()


@contextlib.contextmanager
def serving(port: int, health: Health, telemetry: Telemetry) -> Iterator[None]:
    """Serve the probes while the context lasts, over IPv4 and IPv6; not at all if `port` is 0.

    Raises:
        ConfigurationError: the port is taken or not allowed.
    """
    if not port:
        yield
        return
    try:
        server = _listen(port, _handler(health, telemetry))
    except OSError as error:
        raise ConfigurationError(f"HEALTH_PORT: port {port} is not available: {error.strerror}") from None
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
    # Probes, scrapes and people may all ask at once; the base class has five wait and resets the rest.
    request_queue_size = 128

    def server_bind(self) -> None:
        """Bind without the base class's look-up of this host's name, which may wait for a DNS server."""
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        TCPServer.server_bind(self)
        self.server_name, self.server_port = socket.gethostname(), self.server_address[1]

    def handle_error(self, request: object, client_address: object) -> None:
        """Note that the client hung up; the base class would print a traceback."""
        log.debug("probe_aborted", reason=type(sys.exception()).__name__)


class _DualStackServer(_Server):
    address_family = socket.AF_INET6


def _listen(port: int, handler: type[BaseHTTPRequestHandler]) -> _Server:
    """Listen on IPv6 and IPv4; on IPv4 alone if this host has no IPv6."""
    try:
        return _DualStackServer(("::", port), handler)
    except OSError as error:
        if error.errno not in {errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL}:
            raise
    return _Server(("", port), handler)


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
