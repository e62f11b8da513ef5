"""A collector that takes OTLP over HTTP, keeps the spans, and can fall silent."""

import gzip
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

TIMEOUT_S = 60.0
ERROR = 2


class Collector:
    """Listens on a free port from the start.

    Attributes:
        spans: all that came, as dictionaries: name, trace, id, parent, kind, began_ns, ended_ns, status, message,
            attributes, events.
        resources: the attributes of whom they came from.
        status: of the answers.
        is_silent: set it so that no request is answered any more.
    """

    def __init__(self) -> None:
        """Listen."""
        self.spans: list[dict[str, Any]] = []
        self.resources: list[dict[str, Any]] = []
        self.status = 200
        self.is_silent = threading.Event()
        self.n_silenced = 0
        self._released = threading.Event()
        self._arrived = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """What OTEL_EXPORTER_OTLP_ENDPOINT is to be."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def wait_for(self, n: int = 1, **attributes: object) -> list[dict[str, Any]]:
        """Wait for so many spans with these attributes, whose dots are written as two underscores; give all of them."""
        wanted = {name.replace("__", "."): value for name, value in attributes.items()}

        def found() -> list[dict[str, Any]]:
            return [span for span in self.spans if wanted.items() <= span["attributes"].items()]

        ends_s = time.monotonic() + TIMEOUT_S
        with self._arrived:
            while len(found()) < n:
                left_s = ends_s - time.monotonic()
                assert left_s > 0, f"{len(found())} spans with {wanted}; {len(self.spans)} in all"
                self._arrived.wait(left_s)
            return found()

    def close(self) -> None:
        """End."""
        self._released.set()
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if collector.is_silent.is_set():
                    collector.n_silenced += 1
                    collector._released.wait()
                    return
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                if collector.status == 200:
                    collector._keep(ExportTraceServiceRequest.FromString(body))
                self.send_response(collector.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler

    def _keep(self, request: ExportTraceServiceRequest) -> None:
        with self._arrived:
            for part in request.resource_spans:
                self.resources.append(_attributes(part.resource.attributes))
                for scope in part.scope_spans:
                    self.spans += [_span(span) for span in scope.spans]
            self._arrived.notify_all()


def _span(span: Any) -> dict[str, Any]:
    return {
        "name": span.name,
        "trace": span.trace_id.hex(),
        "id": span.span_id.hex(),
        "parent": span.parent_span_id.hex(),
        "kind": span.kind,
        "began_ns": span.start_time_unix_nano,
        "ended_ns": span.end_time_unix_nano,
        "status": span.status.code,
        "message": span.status.message,
        "attributes": _attributes(span.attributes),
        "events": [(event.name, _attributes(event.attributes)) for event in span.events],
    }


def _attributes(pairs: Any) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in pairs}
