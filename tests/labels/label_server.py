"""A real HTTP server in the place of a language model's API, which answers as a test tells it, or misbehaves."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

DRIP_S: Final = 0.02


class LabelServer(ThreadingHTTPServer):
    """Answers each request by the next of its answers; the last one answers all that come later.

    Attributes:
        requests: the bodies, read as JSON.
        headers: of each request.
        paths: of each request.
        asked: is set when the first request is there.
        over: is set when the test ends; an answer that takes for ever waits for it.
        hung_up: is set when a client ended an exchange that was going on.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, *answers: "Answer") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = list(answers)
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.asked, self.over, self.hung_up = threading.Event(), threading.Event(), threading.Event()

    @property
    def base_url(self) -> str:
        """What stands before /chat/completions."""
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def topics_asked(self, request: int = 0) -> list[dict[str, Any]]:
        """Give the topics of a request, as the user's message has them."""
        content = self.requests[request]["messages"][1]["content"]
        topics: list[dict[str, Any]] = json.loads(content)["topics"]
        return topics

    def handle_error(self, *_: Any) -> None:
        """Say nothing: a client that hangs up is what some tests wait for."""


class _Handler(BaseHTTPRequestHandler):
    server: LabelServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Note the request and answer it."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        number = len(self.server.requests)
        self.server.requests.append(json.loads(body))
        self.server.headers.append(dict(self.headers))
        self.server.paths.append(self.path)
        self.server.asked.set()
        self.close_connection = True
        answers = self.server.answers
        answers[min(number, len(answers) - 1)](self)

    def do_GET(self) -> None:
        """Note what a client asks that has followed a redirect."""
        self.server.paths.append(self.path)
        self.send_error(404)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


Answer = Callable[[_Handler], None]


@contextmanager
def serving(*answers: Answer, tls: ssl.SSLContext | None = None) -> Iterator[LabelServer]:
    """Run a server; with TLS if it is given what for."""
    with LabelServer(*answers) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()


def body(content: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """Answer with these bytes."""

    def answer(handler: _Handler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **(headers or {})}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def status(code: int, **headers: str) -> Answer:
    """Answer with a status."""
    return body(b"sesame", code, {name.replace("_", "-"): value for name, value in headers.items()})


def choices(*choices_: Any) -> Answer:
    """Answer with these choices."""
    return body(json.dumps({"choices": list(choices_)}).encode())


def message(content: Any, finish_reason: str = "stop", **fields: Any) -> Answer:
    """Answer with one message."""
    return choices({"finish_reason": finish_reason, "message": {"role": "assistant", "content": content, **fields}})


def text_of(labels: list[Any]) -> str:
    """Write the JSON that the message is to hold."""
    return json.dumps({"labels": labels})


def labels(*names: str) -> Answer:
    """Answer with labels for the topics 0, 1, 2 and so on."""
    return message(text_of([{"index": i, "label": name} for i, name in enumerate(names)]))


def name_all(handler: _Handler) -> None:
    """Answer with a label for each topic of the request, made of its best keyword."""
    asked = json.loads(handler.server.requests[-1]["messages"][1]["content"])["topics"]
    items = [{"index": topic["index"], "label": f"About {topic['keywords'][0]}"} for topic in asked]
    message(text_of(items))(handler)


def hang(handler: _Handler) -> None:
    """Answer nothing, until the test is over."""
    handler.server.over.wait()


def drip(start: bytes) -> Answer:
    """Send a start, then a byte now and then: no single read ever waits for long."""

    def answer(handler: _Handler) -> None:
        try:
            handler.wfile.write(start)
            while not handler.server.over.wait(DRIP_S):
                handler.wfile.write(b" ")
        except OSError:
            handler.server.hung_up.set()

    return answer


def hang_up(handler: _Handler) -> None:
    """Close the connection without a word."""
    handler.close_connection = True


def garbage(handler: _Handler) -> None:
    """Answer with something that is no HTTP."""
    handler.wfile.write(b"\x00\xff not HTTP at all\r\n\r\n")


def endless(handler: _Handler) -> None:
    """Send a body that never ends, as fast as it is taken."""
    try:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not handler.server.over.is_set():
            handler.wfile.write(b"[" * 65536)
    except OSError:
        handler.server.hung_up.set()
