"""A simulated network: each command between redis-py and Redis has the fate that a test chose.

Only the clock and the bytes on the wire are simulated: redis-py, BullMQ and the worker run as they are.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from typing import Any

import hiredis

from tests.queue.protocol.model_redis import ModelRedis, Reply, ReplyError
from tests.queue.protocol.model_scripts import NAMES
from tests.queue.protocol.simulation import SimulatedLoop
from tests.queue.protocol.wire import Fate, Outage, encode

LATENCY_S = 0.0005


class Network:
    """All connections of all workers to one Redis.

    Attributes:
        disturbed_until_s: no fault is at work after this time.
    """

    def __init__(self, loop: SimulatedLoop, redis: ModelRedis, patience_s: float) -> None:
        """Take what answers, and how long a client waits for an answer."""
        self._loop = loop
        self._patience_s = patience_s
        self.redis = redis
        self.disturbed_until_s = 0.0
        self._armed: list[tuple[str, str, Fate]] = []
        self._outages: dict[str, Outage] = {}
        self._links: list[Link] = []
        self._blocked: list[tuple[Link, str, float]] = []

    def arm(self, host: str, command: str, fate: Fate) -> None:
        """Let the next command of this name from this worker meet this fate."""
        self._armed.append((host, command, fate))

    def disarm(self) -> None:
        """Take back the fates that have met nobody."""
        self._armed.clear()

    def cut_off(self, host: str, seconds: float, *, is_silent: bool) -> None:
        """Begin an outage for one worker."""
        self._outages[host] = Outage(self._loop.now_s + seconds, is_silent)
        if seconds < float("inf"):
            self._note_disturbance(seconds)
        if not is_silent:
            for link in [link for link in self._links if link.host == host]:
                link.reset()

    def heal(self) -> None:
        """End all outages of workers that live."""
        for host, outage in self._outages.items():
            if outage.until_s < float("inf"):
                self._outages[host] = Outage(self._loop.now_s, is_silent=outage.is_silent)

    def outage(self, host: str) -> Outage | None:
        """Give the outage that a worker is in."""
        outage = self._outages.get(host)
        return outage if outage is not None and outage.until_s > self._loop.now_s else None

    async def connect(self, protocol: asyncio.Protocol, host: str) -> "Link":
        """Connect; the host's name tells which worker this is.

        Raises:
            ConnectionRefusedError: in an outage that is not silent, and for a worker that is dead.
        """
        while (outage := self.outage(host)) is not None:
            if not outage.is_silent:
                raise ConnectionRefusedError("cut off")
            await asyncio.sleep(outage.until_s - self._loop.now_s)
        link = Link(self._loop, self, protocol, host)
        self._links.append(link)
        return link

    def fate_of(self, host: str, words: list[bytes]) -> Fate:
        """Give, and use up, the fate of a command."""
        name = NAMES.get(words[1].decode(), "") if words[0] == b"EVALSHA" else words[0].decode()
        for index, (armed_host, command, fate) in enumerate(self._armed):
            if armed_host == host and command == name:
                del self._armed[index]
                self._note_disturbance(max(fate.late_there_s, fate.late_back_s))
                return fate
        return Fate()

    def _note_disturbance(self, seconds: float) -> None:
        end_s = self._loop.now_s + seconds + self._patience_s
        self.disturbed_until_s = max(self.disturbed_until_s, end_s)

    def execute(self, link: "Link", words: list[bytes], fate: Fate) -> None:
        """Carry out a command and answer it, at once or, if it blocks, later."""
        try:
            reply = self.redis.execute(words)
        except ReplyError as error:
            reply = error
        if words[0] == b"BZPOPMIN" and reply is None:
            entry = (link, words[1].decode(), self._loop.now_s + float(words[2]))
            self._blocked.append(entry)
            self._loop.call_at(entry[2], self._unblock, entry)
            return
        link.answer(reply, fate)
        for waiting in list(self._blocked):
            if waiting in self._blocked and (popped := self.redis.do_bzpopmin(waiting[1])) is not None:
                self._blocked.remove(waiting)
                waiting[0].answer(popped, Fate())

    def _unblock(self, entry: tuple["Link", str, float]) -> None:
        if entry in self._blocked:
            self._blocked.remove(entry)
            entry[0].answer(None, Fate())

    def close(self) -> None:
        """Break all connections."""
        for link in list(self._links):
            link.reset()

    def ended(self, link: "Link") -> None:
        """Forget a connection."""
        with contextlib.suppress(ValueError):
            self._links.remove(link)
        self._blocked = [entry for entry in self._blocked if entry[0] is not link]


class Link(asyncio.Transport):
    """One connection: commands go there in order, answers come back in order."""

    def __init__(self, loop: SimulatedLoop, network: Network, protocol: asyncio.Protocol, host: str) -> None:
        """Take both ends."""
        super().__init__()
        self.host = host
        self._loop = loop
        self._network = network
        self._protocol = protocol
        self._reader = hiredis.Reader()
        self._queued: list[list[bytes]] | None = None
        self._there_s = self._back_s = 0.0
        # The loop does not keep the order of what is due at the same time; a connection does.
        self._there: deque[tuple[list[bytes], Fate]] = deque()
        self._back: deque[bytes] = deque()
        self._is_closed = self._is_reset = False

    def write(self, data: Any) -> None:
        """Send bytes; a whole command sets out at once."""
        self._reader.feed(bytes(data))
        while (words := self._reader.gets()) is not False:
            if not self._is_reset:
                fate = self._network.fate_of(self.host, words)
                self._there_s = max(self._there_s, self._loop.now_s + LATENCY_S + fate.late_there_s)
                self._there.append((words, fate))
                self._loop.call_at(self._there_s, self._arrive)

    def _arrive(self) -> None:
        """Have the oldest command carried out; also if its sender has given up: its bytes were under way."""
        if self._is_reset or self._wait_out(self._arrive):
            return
        words, fate = self._there.popleft()
        if fate.lost_there:
            self.reset()
        elif fate.refusal:
            self.answer(ReplyError(fate.refusal), fate)
        else:
            self._carry_out(words, fate)
        if fate.lost_back:
            self.reset()

    def _carry_out(self, words: list[bytes], fate: Fate) -> None:
        command = words[0].upper()
        if command in {b"CLIENT", b"SELECT"}:
            self.answer("OK", fate)
        elif command == b"HELLO":
            self.answer({"server": "redis", "version": "7.0.15", "proto": 3, "role": "master"}, fate)
        elif command == b"MULTI":
            self._queued = []
            self.answer("OK", fate)
        elif command == b"EXEC":
            queued, self._queued = self._queued or [], None
            self.answer([self._network.redis.execute(one) for one in queued], fate)
        elif self._queued is not None:
            self._queued.append(words)
            self.answer("QUEUED", fate)
        else:
            self._network.execute(self, words, fate)

    def answer(self, reply: Reply, fate: Fate) -> None:
        """Send an answer back."""
        self._back_s = max(self._back_s, self._loop.now_s + LATENCY_S + fate.late_back_s)
        self._back.append(encode(reply))
        self._loop.call_at(self._back_s, self._deliver)

    def _deliver(self) -> None:
        if not self._is_closed and not self._wait_out(self._deliver):
            self._protocol.data_received(self._back.popleft())

    def _wait_out(self, step: Callable[[], None]) -> bool:
        """Put a step off to the end of a silent outage; what was under way arrives then, in order."""
        outage = self._network.outage(self.host)
        if outage is not None:
            self._loop.call_at(outage.until_s, step)
        return outage is not None

    def reset(self) -> None:
        """Break the connection: nothing more arrives on either side."""
        self._is_reset = True
        self._end(ConnectionResetError("simulated"))

    def close(self) -> None:
        """Close our side; what has set out still arrives."""
        self._end(None)

    abort = close

    def _end(self, error: Exception | None) -> None:
        if not self._is_closed:
            self._is_closed = True
            self._network.ended(self)
            self._loop.call_soon(self._protocol.connection_lost, error)

    def is_closing(self) -> bool:
        """Tell whether the connection is over."""
        return self._is_closed

    def get_write_buffer_size(self) -> int:
        """Nothing is ever kept back."""
        return 0

    def pause_reading(self) -> None:
        """Answers are small: none is held back."""

    def resume_reading(self) -> None:
        """Answers are small: none is held back."""
