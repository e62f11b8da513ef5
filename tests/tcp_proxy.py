"""A proxy in front of a Redis, whose target a test may change for connections that are opened from then on."""

import asyncio
import contextlib
import ssl
import threading
from pathlib import Path

NOTHING_LISTENS = 1


class TcpProxy:
    """Forwards bytes; a connection that is open stays with the server that it was opened to."""

    def __init__(self, target_port: int, *, path: Path | None = None, tls: ssl.SSLContext | None = None) -> None:
        """Listen on a free port, or on a Unix socket if a path is given; speak TLS if a context is given."""
        self.target_port = target_port
        self.port = 0
        self._path, self._tls = path, tls
        self._loop = asyncio.new_event_loop()
        self._closing = asyncio.Event()
        self._connections: set[asyncio.Task[None]] = set()
        started = threading.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(started),), daemon=True)
        self._thread.start()
        assert started.wait(10)

    async def _serve(self, started: threading.Event) -> None:
        if self._path:
            server = await asyncio.start_unix_server(self._forward, self._path)
        else:
            server = await asyncio.start_server(self._forward, "127.0.0.1", 0, ssl=self._tls)
            self.port = int(server.sockets[0].getsockname()[1])
        started.set()
        await self._closing.wait()
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def cut(self) -> None:
        """Close every connection, and refuse new ones until `mend`."""
        self.target_port, self._mended_port = NOTHING_LISTENS, self.target_port
        self._loop.call_soon_threadsafe(self._cut)

    def mend(self) -> None:
        """Forward again."""
        self.target_port = self._mended_port

    def _cut(self) -> None:
        for connection in self._connections:
            connection.cancel()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.current_task()
        assert connection is not None
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            to_server = await asyncio.open_connection("127.0.0.1", self.target_port)
            both = [asyncio.create_task(_copy(reader, to_server[1])), asyncio.create_task(_copy(to_server[0], writer))]
            try:
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in both:
                    task.cancel()
                to_server[1].close()
                writer.close()
        writer.close()

    def close(self) -> None:
        """Close every connection, and accept no more."""
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join(10)
        self._loop.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
