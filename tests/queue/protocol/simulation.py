"""Simulated time: an event loop on which minutes pass in milliseconds, the same way each time."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any
from unittest import mock

EPOCH_S = 1_800_000_000


class SimulatedLoop(asyncio.BaseEventLoop):
    """An event loop that waits for nothing: its clock jumps instead.

    Attributes:
        now_s: on its clock.
        connect: what gives the transport of a new connection; None if no network is simulated.
        errors: of callbacks, which nobody else would hear of.
    """

    def __init__(self) -> None:
        """Start at a time that is no boundary of anything."""
        super().__init__()
        self._selector = self
        self.now_s = 1000.0
        self.connect: Callable[[asyncio.Protocol, str], Awaitable[asyncio.Transport]] | None = None
        self.errors: list[str] = []
        self.set_exception_handler(self._on_error)

    def _on_error(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        # Of tasks that were killed, the collector of garbage tells at a time of its own.
        if context["message"].startswith("Exception in callback"):
            self.errors.append(f"{context['message']}: {context.get('exception')!r}")

    def time(self) -> float:
        """Give seconds on the simulated clock."""
        return self.now_s

    def wall_time(self) -> float:
        """Give seconds since 1970 on the simulated clock."""
        return EPOCH_S + self.now_s

    def select(self, timeout: float | None) -> list[Any]:
        """Wait, as a selector would; nothing ever comes from outside."""
        assert timeout is not None, "everybody waits, and nobody for a time: this would last for ever"
        self.now_s += timeout
        return []

    def _process_events(self, event_list: list[Any]) -> None:
        assert not event_list

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> "asyncio.Future[Any]":
        """Run at once: threads would make each run another one."""
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - whoever awaits it gets it
            future.set_exception(error)
        return future

    async def create_connection(self, protocol_factory: Any, host: str = "", port: int = 0, **_: Any) -> Any:
        """Connect to the simulated Redis; the host's name tells which worker this is."""
        assert self.connect is not None
        protocol = protocol_factory()
        transport = await self.connect(protocol, host)
        protocol.connection_made(transport)
        return transport, protocol

    def pass_time(self, seconds: float) -> None:
        """Let everything run for so long, with `time` on the simulated clock."""
        with (
            mock.patch.object(time, "monotonic", self.time),
            mock.patch.object(time, "time", self.wall_time),
        ):
            self.run_until_complete(asyncio.sleep(seconds))
