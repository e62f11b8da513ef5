"""Connections to Redis that are replaced after a fail-over, and of which one stands for the worker.

An old primary that lives on as a replica closes no connection. Reads, PING and blocking reads keep
working on it, and each write is refused for ever. So one such refusal means: every connection that
is open now leads to the wrong server, and the next command has to connect anew.
"""

import time
from typing import Any, Final

import structlog
from redis.asyncio.connection import (
    AbstractConnection,
    Connection,
    ConnectionPool,
    SSLConnection,
    UnixDomainSocketConnection,
)
from redis.exceptions import RedisError

from worker.operations.redis_errors import describe, hint_for, is_demoted

# A fail-over takes seconds, and each refused command is noticed: one line is enough.
LOG_INTERVAL_S: Final = 30.0

log = structlog.get_logger()


class _WatchedConnection(AbstractConnection):
    """Notes when it was opened, and whether its server said that it takes no writes.

    Attributes:
        opened_at_s: when it was last opened (monotonic).
        demoted_by: the refusal that says so; None if there was none.
    """

    opened_at_s: float = 0.0
    demoted_by: RedisError | None = None

    async def connect(self) -> None:
        """Connect if that is not done yet."""
        if not self.is_connected:
            self.opened_at_s = time.monotonic()
        await super().connect()  # type: ignore[no-untyped-call]

    async def read_response(self, *arguments: Any, **options: Any) -> Any:
        """Read one reply, and note a refusal that tells of a fail-over."""
        try:
            return await super().read_response(*arguments, **options)
        except RedisError as error:
            if is_demoted(error):
                self.demoted_by = error
            raise


class _Tcp(_WatchedConnection, Connection):
    """`redis://`."""


class _Tls(_WatchedConnection, SSLConnection):
    """`rediss://`."""


class _Socket(_WatchedConnection, UnixDomainSocketConnection):
    """`unix://`."""


_WATCHED: Final[dict[type[AbstractConnection], type[_WatchedConnection]]] = {
    Connection: _Tcp,
    SSLConnection: _Tls,
    UnixDomainSocketConnection: _Socket,
}


class FailOverPool(ConnectionPool):
    """A pool that replaces every open connection once one of them has met a demoted primary."""

    def __init__(self, connection_class: type[AbstractConnection] = Connection, **options: Any) -> None:
        """Take what redis-py's pool takes; `from_url` chooses the connection's class by the URL's scheme."""
        super().__init__(connection_class=_WATCHED.get(connection_class, connection_class), **options)
        self._demoted_at_s = 0.0
        self._logged_at_s = -LOG_INTERVAL_S
        self._listed_name: str | None = None
        self._listed: AbstractConnection | None = None

    def name_connections(self, listed_name: str, name: str) -> None:
        """Name the connections that are made from now on, as CLIENT LIST shows them.

        Args:
            listed_name: of one connection, by which the worker is counted: it is used before the others, so that it is
                the first to be there again after an outage.
            name: of all others.
        """
        self._listed_name = listed_name
        self.connection_kwargs["client_name"] = name

    def make_connection(self) -> AbstractConnection:
        """Make a connection; nothing is sent yet."""
        connection: AbstractConnection = super().make_connection()  # type: ignore[no-untyped-call]
        if self._listed_name is not None and self._listed is None:
            self._listed = connection
            connection.client_name = self._listed_name
        return connection

    def get_available_connection(self) -> AbstractConnection:
        """Give a connection that nobody uses."""
        idle = self._available_connections
        if self._listed in idle:
            idle.append(idle.pop(idle.index(self._listed)))
        connection: AbstractConnection = super().get_available_connection()  # type: ignore[no-untyped-call]
        return connection

    async def ensure_connection(self, connection: AbstractConnection) -> None:
        """Connect, anew if the connection was opened before the last refusal."""
        if isinstance(connection, _WatchedConnection) and connection.opened_at_s <= self._demoted_at_s:
            await connection.disconnect(nowait=True)
        await super().ensure_connection(connection)

    async def release(self, connection: AbstractConnection) -> None:
        """Take a connection back, and note what its server has refused."""
        if isinstance(connection, _WatchedConnection) and connection.demoted_by is not None:
            self._note(connection.demoted_by)
            connection.demoted_by = None
        await super().release(connection)

    def _note(self, error: RedisError) -> None:
        self._demoted_at_s = now_s = time.monotonic()
        if now_s - self._logged_at_s >= LOG_INTERVAL_S:
            self._logged_at_s = now_s
            log.warning("redis_takes_no_writes", reason=describe(error), hint=hint_for(error))
