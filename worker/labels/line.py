"""One POST after the other to a server that may do anything, and a way to end them from another thread.

The standard library's client has no time limit for a whole exchange: a server that sends a byte now and then holds it
for ever. So it runs in a thread, and whoever waits for it hangs up when the time is over.
"""

import contextlib
import http.client
import re
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from worker.labels.answer import NoAnswer

MOST_BYTES: Final = 1_000_000
_SECONDS: Final = re.compile(r"\d{1,9}")


@dataclass(frozen=True)
class Reply:
    """What a server replied.

    Attributes:
        status: of HTTP.
        retry_after_s: how long it asks to wait, if it says so in seconds.
        body: of a reply with the status 200.
    """

    status: int
    retry_after_s: float | None
    body: bytes


class Line:
    """Exchanges with one server, until someone hangs up."""

    def __init__(self) -> None:
        """Connect to nothing yet."""
        self._over = threading.Event()
        self._sockets: list[socket.socket] = []

    def post(self, url: str, headers: Mapping[str, str], body: bytes, timeout_s: float) -> Reply:
        """Send a request, and give the reply.

        Args:
            url: http or https. A redirect is not followed: it would carry the key to another server.
            headers: of the request.
            body: of the request.
            timeout_s: for each read and write.

        Raises:
            NoAnswer: the server cannot be reached, hangs up, or sends too much.
        """
        opener = urllib.request.build_opener(_Watched(self), _WatchedTls(self), _NoRedirect)
        request = urllib.request.Request(url, body, dict(headers), method="POST")  # noqa: S310 - the settings check it
        try:
            with opener.open(request, timeout=timeout_s) as response:
                return Reply(response.status, None, _read(response))
        except urllib.error.HTTPError as error:
            with error:
                return Reply(error.code, _seconds(error.headers.get("Retry-After")), b"")
        except (OSError, http.client.HTTPException, ValueError) as error:
            cause = getattr(error, "reason", error)
            kind = type(cause if isinstance(cause, BaseException) else error).__name__
            raise NoAnswer(f"it cannot be reached or does not speak HTTP ({kind})") from None

    def wait(self, duration_s: float) -> None:
        """Wait, at the longest until someone hangs up."""
        self._over.wait(duration_s)

    def hang_up(self) -> None:
        """End the exchange that is going on, if there is one."""
        self._over.set()
        for one in self._sockets:
            _shut(one)

    def watch(self, connected: socket.socket) -> None:
        """Take a socket that `hang_up` is to shut."""
        self._sockets.append(connected)
        if self._over.is_set():
            _shut(connected)


class _ShowsItsSocket(http.client.HTTPConnection):
    """Gives its socket to a line, so that the line can shut it."""

    def __init__(self, *args: Any, line: Line, **options: Any) -> None:
        super().__init__(*args, **options)
        self._line = line

    def connect(self) -> None:
        super().connect()
        self._line.watch(self.sock)


class _WatchedTlsConnection(_ShowsItsSocket, http.client.HTTPSConnection):
    pass


class _Watched(urllib.request.HTTPHandler):
    def __init__(self, line: Line) -> None:
        super().__init__()
        self._line = line

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(partial(_ShowsItsSocket, line=self._line), req)


class _WatchedTls(urllib.request.HTTPSHandler):
    def __init__(self, line: Line) -> None:
        super().__init__()
        self._line = line

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(partial(_WatchedTlsConnection, line=self._line), req)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def _read(response: Any) -> bytes:
    body: bytes = response.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise NoAnswer("its answer is too long")
    return body


def _seconds(text: str | None) -> float | None:
    return float(text) if text is not None and _SECONDS.fullmatch(text) else None


def _shut(one: socket.socket) -> None:
    # It may be closed by now.
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
